"""What a program sees instead of its standard streams under LiveCodeBench's grader.

The grader replaces `sys.stdin`, `sys.stdout`, `builtins.open` and three methods of the real stdin
object for the time of one call. The replacements are imperfect, and a program that meets an
imperfection fails there; each is kept: docs/protocols.md, "Two judge modes". Standard library only.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

from ..streams import real_open


class OfficialBuffer:
    """`sys.stdin.buffer` of the official grader: whole input or first line, again at each call."""

    def __init__(self, text: str) -> None:
        self.content = text.encode()

    def read(self, *_size: object) -> bytes:
        return self.content

    def readline(self, *_size: object) -> bytes:
        return self.content.partition(b"\n")[0] + b"\n"


class OfficialStdin:
    """`sys.stdin` of the official grader: `readline` alone has a cursor; it cannot be iterated."""

    def __init__(self, text: str) -> None:
        self.content = text
        self.lines = io.StringIO(text)
        self.buffer = OfficialBuffer(text)

    def read(self, *_size: object) -> str:
        return self.content

    def readline(self, *size: Any) -> str:
        return self.lines.readline(*size)

    def readlines(self, *_hint: object) -> list[str]:
        return self.content.split("\n")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.lines, name)


@contextlib.contextmanager
def standard_input(text: str, variant: str) -> Iterator[None]:
    """Replace what the grader replaces, and put it back.

    The three methods are set on the object that is `sys.stdin` before the call, which a program
    reaches when it bound the name at load time (`from sys import stdin`).
    """
    real = sys.stdin
    lines = iter(text.split("\n"))
    methods: dict[str, Callable[..., object]] = {
        "read": lambda *_: text,
        "readlines": lambda *_: text.split("\n"),
        "readline": lambda *_: next(lines),
    }
    # The official grader had a plain StringIO, as tt has, until its commit 16de2a1 of May 2025
    mock: Any = OfficialStdin(text) if variant == "official" else io.StringIO(text)
    real_open = builtins.open
    for name, method in methods.items():
        setattr(real, name, method)
    sys.stdin = mock
    setattr(builtins, "open", _OpenMock(text))  # noqa: B010 - mypy: a module's function
    try:
        yield
    finally:
        setattr(builtins, "open", real_open)  # noqa: B010
        sys.stdin = real
        for name in methods:
            delattr(real, name)


class _OpenMock:
    """`builtins.open` during a call: a mock file with the input, whatever the name.

    unittest.mock is imported at the first call, as hardly any program makes one: most programs'
    `open` was bound at load time and is the real one.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.mock: Any = None

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        if self.mock is None:
            from unittest import mock

            self.mock = mock.mock_open(read_data=self.text)
        return self.mock(*arguments, **options)


class Captured:
    """`sys.stdout` as a StringIO for the time of one call; `text` afterwards."""

    text = ""

    def __enter__(self) -> Captured:
        self.real = sys.stdout
        self.stream = io.StringIO()
        # The grader's mistake: a program that closes its output gets a TypeError.
        setattr(self.stream, "close", lambda _stream: 1)  # noqa: B010 - mypy: a method
        sys.stdout = self.stream
        return self

    def __exit__(self, *_raised: object) -> None:
        self.text = self.stream.getvalue()
        sys.stdout = self.real


# Bound here: inside/lockdown.py says why
_sys, _open, _DEVNULL, _READ = vars(sys), os.open, os.devnull, os.O_RDONLY
_empty: dict[int, Any] = {}  # the stream of `empty_real_stdin`, made in the zygote


def prepare_empty_stdin(number: int) -> None:
    """Make the stream that `empty_real_stdin` puts in place. In the zygote, where it costs once.

    `number`: of the first descriptor that is free in a child. Here it must lead to the null device, for a stream
    asks its descriptor, when it is made, what it can do.
    """
    _empty[number] = _text_stream(number)


def empty_real_stdin() -> None:
    """Give the child the standard input that a process of `multiprocessing` has: an empty one.

    `sys.__stdin__` is closed there, and `sys.stdin` is a new text stream on the null device.
    """
    try:  # noqa: SIM105 - cheaper
        _sys["stdin"].close()
    except (OSError, ValueError, AttributeError):
        pass
    try:
        null = _open(_DEVNULL, _READ)
    except OSError:
        null = 0
    _sys["stdin"] = _empty.get(null) or _text_stream(null)


def _text_stream(number: int) -> Any:
    return real_open(number, encoding="utf-8", closefd=False)
