"""A child from fork to its end: confine itself, then run one program in one of the modes."""

from __future__ import annotations

import os
import traceback
from os import _exit, close, fstat, read, setsid
from typing import Any, NoReturn

from .at_fork import in_child
from .channel import Channel, write_all
from .lockdown import INPUT, RESULT, SOURCE, STATUS, Prepared, confine, take_descriptors
from .modes import judge, lcb, program_child, tester

_FAILED = 71


def run(prepared: Prepared, request: dict[str, Any], received: dict[str, int], zygote: int) -> NoReturn:
    """Everything a child does. Bytes on the status pipe: `R` confined, then `C` compiled or `S` and why
    not (mode lcb: `C` once the text is rewritten); or `E` and the protection that could not be had."""
    try:
        in_child()
        setsid()
        take_descriptors(received, prepared.ruleset)
        confine(prepared, request["limits"], zygote)
        source = _read_all(SOURCE)
        write_all(STATUS, b"R")
    except BaseException as exc:  # noqa: BLE001 - told to the worker, which voids the run
        _fail(exc)
    _dispatch(request, source)


def _dispatch(request: dict[str, Any], source: bytes) -> NoReturn:
    mode, func_name = request["mode"], request["func_name"]
    channel = Channel(RESULT, INPUT, bytes.fromhex(request["nonce"]), request["result_bytes"])
    if mode == "probe":
        _import_library(request["imports"])
    if mode == "lcb":
        text = source.decode("utf-8", "surrogatepass")
        lcb.run(text, func_name, request["variant"], channel, _rewritten)
        _exit(0)
    if mode in ("program", "tester"):
        os.close(STATUS)
        (program_child if mode == "program" else tester).run(source, channel)
        os._exit(0)
    payload = b""
    if func_name is not None:
        payload = _read_all(INPUT)
    code = judge.load(source, STATUS)
    if func_name is None:
        judge.run_program(code)
    judge.run_function(code, func_name, payload, channel)


def _rewritten() -> None:
    """Mode lcb: the program's text is ready, and none of it has run."""
    write_all(STATUS, b"C")
    close(STATUS)


def _fail(exc: BaseException) -> NoReturn:
    try:
        text = "".join(traceback.format_exception_only(exc)).strip()
        write_all(STATUS, b"E" + text.encode("utf-8", "backslashreplace")[:1024])
    finally:
        os._exit(_FAILED)


def _import_library(names: list[str]) -> NoReturn:
    """Import modules that the zygote has not loaded: is the library readable for a confined child?"""
    for name in names:
        try:
            __import__(name)
        except BaseException as exc:  # noqa: BLE001 - told to the worker
            _fail(exc)
    os._exit(0)


def _read_all(fd: int) -> bytes:
    """All of a sealed input, which is closed then."""
    data = read(fd, fstat(fd).st_size)
    close(fd)
    return data
