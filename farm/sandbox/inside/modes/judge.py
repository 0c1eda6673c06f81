"""The harness of mode `judge`: one program, one test, real descriptors, the end of a real interpreter.

Runs after lock-down. What it needs later is bound to names of this module first, since the program may
patch any module: that changes its own process alone, but should not turn a right answer into a crash.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import sys
import threading
import types
from types import CodeType
from typing import Any, NoReturn

from .. import canonical, header, streams
from ..channel import Channel, write_all

_exit, _loads, _exec = os._exit, json.loads, exec
_join_threads = threading._shutdown  # type: ignore[attr-defined]
_run_atexit = atexit._run_exitfuncs
_encode = canonical.encode
FILE = "main.py"
_NO_RESULT = 1


def load(source: bytes, status: int) -> CodeType:
    """Compile, and say so on the status pipe, which is closed then: no byte on it comes from the program."""
    try:
        code = compile(source, FILE, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as exc:
        text = f"{type(exc).__name__}: {exc}"
        write_all(status, b"S" + text.encode("utf-8", "backslashreplace")[:1024])
        _exit(1)
    write_all(status, b"C")
    os.close(status)
    gc.enable()
    return code


def run_program(code: CodeType) -> NoReturn:
    """Execute as `__main__`, then end as an interpreter does: threads, atexit, flush, exit code."""
    namespace = header.take("__main__", FILE).__dict__
    try:
        _exec(code, namespace)
        status = 0
    except SystemExit as exc:
        status = _exit_status(exc)
    except BaseException as exc:  # noqa: BLE001 - whatever the program raises
        status = _report(exc)
    _finish(namespace, status)


def _exit_status(exc: SystemExit) -> int:
    code = exc.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF if -(1 << 63) <= code < 1 << 63 else 255  # beyond a C long it is -1
    with contextlib.suppress(BaseException):  # it is an object of the program
        print(code, file=sys.stderr)  # noqa: T201 - as the interpreter does
    return 1


def _report(exc: BaseException) -> int:
    """Print an uncaught exception through sys.excepthook, without this file's own frame."""
    trace = exc.__traceback__
    try:
        sys.excepthook(type(exc), exc, trace.tb_next if trace is not None else None)
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - the program's hook or stream, or no memory left
        _complain(exc)
    return 130 if isinstance(exc, KeyboardInterrupt) else 1


def _complain(exc: BaseException) -> None:
    with contextlib.suppress(BaseException):  # descriptor 2 may be closed
        os.write(2, type(exc).__name__.encode("ascii", "backslashreplace") + b"\n")


def _finish(namespace: dict[str, Any], status: int) -> NoReturn:
    try:
        _join_threads()
    except BaseException as exc:  # noqa: BLE001 - what a thread or a patched object raises
        _report(exc)
    try:
        _run_atexit()
    except BaseException as exc:  # noqa: BLE001 - an interpreter reports it and goes on
        _report(exc)
    if not streams.flush_all() and status == 0:
        status = 120  # as Py_FinalizeEx
    _drop_finalized(namespace)
    _exit(status)


def _drop_finalized(namespace: dict[str, Any]) -> None:
    """Let go of globals that have a finalizer: files flush, and `__del__` of plain globals runs.

    A dying interpreter clears all modules; this is the part of it that programs rely on.
    """
    for name in header.own_names(namespace):
        if hasattr(type(namespace[name]), "__del__"):
            del namespace[name]


def run_function(code: CodeType, func_name: str, payload: bytes, channel: Channel) -> NoReturn:
    """Load as a module, call the function with the decoded lines of `payload`, send the result's canonical form.

    The method of a new `Solution` if the class exists, else the module's function.
    """
    status = _NO_RESULT
    try:
        arguments = [_loads(line) for line in payload.decode("utf-8", "surrogatepass").split("\n")]
        sys.modules["__main__"] = types.ModuleType("__main__")
        namespace = header.take("solution", FILE).__dict__
        _exec(code, namespace)
        if "Solution" in namespace:
            function = getattr(namespace["Solution"](), func_name)
        elif func_name in namespace:
            function = namespace[func_name]
        else:
            raise NameError(f"the program defines neither class Solution nor {func_name}")
        channel.send({"value": _encode(function(*arguments))})
        status = 0
    except SystemExit as exc:
        status = _exit_status(exc) or _NO_RESULT
    except BaseException as exc:  # noqa: BLE001 - whatever the program raises
        status = _report(exc)
    streams.flush_all()
    _exit(status)
