"""Standard streams of a child, made as an interpreter makes them, and their names under /dev.

Opening /dev/stdin fails after the uid drop (it leads through /proc), so `open` maps the three names
to duplicates of the descriptors.
"""

from __future__ import annotations

import builtins
import io
import os
import sys
import weakref
from typing import Any

_NAMES = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2, "/dev/fd/0": 0, "/dev/fd/1": 1, "/dev/fd/2": 2}
_NAMES |= {f"/proc/self/fd/{n}": n for n in range(3)}
real_open = io.open
_opened: list[weakref.ref[Any]] = []  # files on descriptors, flushed at the end as a dying interpreter does


def _shim(  # the signature and the name are those of the built-in
    file: Any,
    mode: str = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
    opener: Any = None,
) -> Any:
    if isinstance(file, int):
        opened = real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        _opened.append(weakref.ref(opened))
        return opened
    try:
        number = _NAMES.get(os.fspath(file))
    except TypeError:
        number = None
    if number is None or opener is not None:
        return real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
    opened = real_open(os.dup(number), mode, buffering, encoding, errors, newline)
    _opened.append(weakref.ref(opened))
    return opened


_shim.__name__ = _shim.__qualname__ = "open"
_shim.__module__ = "io"


def install() -> None:
    """Replace `open`, once, in the zygote."""
    builtins.open = io.open = _shim


def _standard(number: int, name: str, errors: str) -> Any:
    # As Python/pylifecycle.c does: no newline translation on this platform, descriptors stay open
    raw = io.FileIO(number, "rb" if number == 0 else "wb", closefd=False)
    raw.name = name
    buffer: Any = io.BufferedReader(raw) if number == 0 else io.BufferedWriter(raw)
    stream: Any = io.TextIOWrapper(buffer, "utf-8", errors, "\n", line_buffering=number == 2)
    stream.mode = "r" if number == 0 else "w"
    return stream


def open_standard() -> None:
    """New sys.stdin, sys.stdout and sys.stderr, made once in the zygote for the descriptors of its children.

    They find out what a descriptor can do when they are made, so a memfd and a pipe stand in here.
    """
    memory = os.memfd_create("stdin", os.MFD_CLOEXEC)
    reader, writer = os.pipe()
    kept = [os.dup(number) for number in range(3)]
    for number, fd in enumerate((memory, writer, writer)):
        os.dup2(fd, number)
    _make_standard()
    for number, fd in enumerate(kept):
        os.dup2(fd, number)
    for fd in (memory, reader, writer, *kept):
        os.close(fd)


def _make_standard() -> None:
    sys.stdin = sys.__stdin__ = _standard(0, "<stdin>", "surrogateescape")  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = _standard(1, "<stdout>", "surrogateescape")  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _standard(2, "<stderr>", "backslashreplace")  # type: ignore[misc]


def flush_all() -> bool:
    """Flush what a dying interpreter would. False if standard output could not be written.

    A stream that the program closed, deleted or set to None is no error.
    """
    good = True
    for name in ("stdout", "stderr", "__stdout__", "__stderr__"):
        stream = getattr(sys, name, None)
        try:
            if stream is not None and not getattr(stream, "closed", False):
                stream.flush()
        except BaseException:  # noqa: BLE001 - the stream may be an object of the program
            good = good and name != "stdout"
    for reference in _opened:
        opened = reference()
        try:
            if opened is not None and not opened.closed and opened.writable():
                opened.flush()
        except (OSError, ValueError):
            pass
    return good
