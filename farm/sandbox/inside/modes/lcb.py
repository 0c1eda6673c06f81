"""Mode `lcb` inside the child: LiveCodeBench's grader environment, without the grader.

A program is loaded and called as the grader at commit 28fef95 does it (docs/protocols.md, "Two judge modes"), in one
process for all tests, but the child only says what came out; expected outputs are not here, and the
worker judges (`farm/judging/lcb.py`). The program may forge every frame: a frame is an answer,
and it must still be right.

Frames, one after loading and one per input:

    {"loaded": true}
    {"failed": "syntax" | "load", "detail": text}     before the first test; "syntax": the program's own
                                                      text is no Python. The child ends.
    {"out": text}                                     the captured standard output
    {"value": canonical form}                         the returned value
    {"error": "time" | "error", "detail": text}       the alarm, another Exception; the child goes on
    {"error": "void" | "end", "detail": text}         the grader would lose the results of all tests, or
                                                      its process would end. The child ends.

The alarm is rung by the worker, which measures the program's clock from outside and leaves out the time in which the
host kept the program waiting (farm/sandbox/clock.py). Here is only its handler, and whether it is on.

`detail` and `out` are texts in canonical form. Standard library only.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import builtins
import contextlib
import faulthandler
import gc
import os
import posix
import shutil
import subprocess
import sys
from collections.abc import Callable
from json import JSONDecoder
from typing import Any, Protocol

from .. import header
from ..canonical import encode, encode_text
from . import lcb_alarm
from .lcb_load import STDIN_FUNCTION, NotLoaded, compiles, functional_text, load, stdin_text
from .lcb_mocks import Captured, empty_real_stdin, standard_input

# Interpreter frames from the start of the original process to its grading loop (measured, official). They count
# against the recursion limits: the 1000 under which the program's text is rewritten, and what the program sets.
GRADER_FRAMES = 30

_REHEARSALS = 64
_HARNESS_FRAMES = 3_000  # what this module needs, whatever limit the program has set

_REMOVED_FROM_OS = (
    *("kill", "system", "putenv", "remove", "removedirs", "rmdir", "fchdir", "setuid", "fork", "forkpty"),
    *("killpg", "rename", "renames", "truncate", "replace", "unlink", "fchmod", "fchown", "chmod", "chown"),
    *("chroot", "lchflags", "lchmod", "lchown", "getcwd", "chdir"),
)
_REMOVED_FROM_SHUTIL = ("rmtree", "move", "chown")
_REMOVED_MODULES = ("ipdb", "joblib", "resource", "psutil", "tkinter")
_removals = [
    (vars(module), dict.fromkeys(names))
    for module, names in (
        (os, _REMOVED_FROM_OS), (shutil, _REMOVED_FROM_SHUTIL), (builtins, ("quit", "help")), (subprocess, ("Popen",)),
    )
]  # fmt: skip
_removals.append((sys.modules, dict.fromkeys(_REMOVED_MODULES)))
_removed: list[object] = []  # kept by the zygote: to free them all costs a child more than to start it

# What is called before the program is loaded is bound here: inside/lockdown.py says why. `_signal` does without enums
_set_handler, _SIGALRM = _signal.signal, _signal.SIGALRM
_set_max_digits, _set_recursion_limit = sys.set_int_max_str_digits, sys.setrecursionlimit
_disable_faulthandler, _putenv = faulthandler.disable, posix.putenv
_environ: dict[bytes, bytes] = os.environ._data  # type: ignore[attr-defined]

# The scanner is an object of C: what the program does to the module json does not reach it.
_scan_json: Callable[[str, int], tuple[Any, int]] = vars(JSONDecoder())["scan_once"]


class Channel(Protocol):
    """The child's end of the line to the worker."""

    def recv(self) -> bytes | None:
        """The next input; None: there is none, end."""
        ...

    def send(self, frame: dict[str, Any], /) -> None:
        """Send one frame, whole."""
        ...


def run(source: str, func_name: str | None, variant: str, channel: Channel, rewritten: Callable[[], None]) -> None:
    """Load the program, then answer each input with one frame, until there are no more.

    `func_name` None: a program for standard input. `variant`: "official", "official-2025-01" or "tt". `rewritten`
    is called before the program's first line is executed.
    """
    _set_handler(_SIGALRM, lcb_alarm.HANDLERS[variant])
    _set_max_digits(50_000 if variant != "tt" else 4_300)
    empty_real_stdin()
    _guard()
    _set_recursion_limit(1_000)
    _deeper(GRADER_FRAMES - _depth() - 1, lambda: _grade(source, func_name, variant, channel, rewritten))


def rehearse() -> None:
    """Do in the zygote what every child will do, until the interpreter has adapted to it.

    Otherwise each child would adapt its own copy: its code objects, its caches, and with them their pages.
    """
    limit = sys.getrecursionlimit()
    handler = _set_handler(_SIGALRM, lcb_alarm.HANDLERS["official"])
    for _ in range(_REHEARSALS):
        _grade("import sys\nif __name__ == '__main__':\n    print(0)", None, "official", _Nobody(), _nothing)
        _grade("class Solution:\n    def f(self, x):\n        return x", "f", "official", _Nobody(), _nothing)
    gc.disable()  # what the rehearsed loading has enabled is each child's to enable
    _removed.extend(names.get(name) for names, removed in _removals for name in removed)
    _set_handler(_SIGALRM, handler)
    sys.setrecursionlimit(limit)
    header.forget("wrapped_function", "Solution")


def _nothing() -> None:
    pass


class _Nobody:
    def __init__(self) -> None:
        self.inputs = [b"0", b"0"]

    def recv(self) -> bytes | None:
        return self.inputs.pop() if self.inputs else None

    def send(self, frame: dict[str, Any], /) -> None:
        pass


def _deeper(frames: int, action: Callable[[], None]) -> None:
    """Call with so many frames more below it."""
    if frames > 0:
        _deeper(frames - 1, action)
    else:
        action()


def _grade(source: str, func_name: str | None, variant: str, channel: Channel, rewritten: Callable[[], None]) -> None:
    try:
        lcb_alarm.on()
        text = stdin_text(source) if func_name is None else functional_text(source)
        rewritten()
        function = load(text, func_name or STDIN_FUNCTION)
        channel.send({"loaded": True})
        answer = _answer_stdin if func_name is None else _answer_functional
        while (payload := channel.recv()) is not None:
            frame = answer(function, payload.decode("utf-8", "surrogateescape"), variant)
            _send(channel, frame)
            if frame.get("error") in ("void", "end"):
                return
    except NotLoaded as error:
        _send_not_loaded(channel, source, str(error))
    except Exception as error:  # noqa: BLE001 - the program's
        _send_not_loaded(channel, source, _say(error))
    except BaseException as error:  # noqa: BLE001 - the program's; the original process ends
        lcb_alarm.off()
        _send(channel, {"error": "end", "detail": _type_name(error)})


def _answer_stdin(function: Callable[[], object], text: str, variant: str) -> dict[str, Any]:
    captured = Captured()
    try:
        lcb_alarm.on()
        if variant != "tt":
            faulthandler.enable()  # needs a sys.stderr with a fileno; without one the grader gives up
        with captured:
            try:
                with standard_input(text, variant), contextlib.suppress(SystemExit):
                    function()
                lcb_alarm.off()
            except Exception as error:  # noqa: BLE001 - the program's
                lcb_alarm.off()
                return _error(error)
            finally:
                lcb_alarm.off()
                if variant != "tt":
                    faulthandler.disable()
        return {"out": encode_text(captured.text)}
    except Exception as error:  # noqa: BLE001 - of the grader's own lines, by what the program changed
        lcb_alarm.off()
        return {"error": "void", "detail": encode_text(_say(error))}


def _answer_functional(function: Callable[..., object], text: str, variant: str) -> dict[str, Any]:
    try:
        arguments = [_decode_json(line) for line in text.split("\n")]
        lcb_alarm.on()
        if variant != "tt":
            faulthandler.enable()
        try:
            value = function(*arguments)
            lcb_alarm.off()
            return {"value": _with_room(encode, value)}
        except Exception as error:  # noqa: BLE001 - the program's
            lcb_alarm.off()
            return _error(error)
        finally:
            lcb_alarm.off()
            if variant != "tt":
                faulthandler.disable()
    except Exception as error:  # noqa: BLE001 - of the grader's own lines
        lcb_alarm.off()
        return {"error": "void", "detail": encode_text(_say(error))}


def _error(error: Exception) -> dict[str, Any]:
    """A test's exception. Its repr decides, as in the grader; a repr that raises voids the results."""
    text = repr(error)
    kind = "time" if "timeoutexception" in text.lower() else "error"
    return {"error": kind, "detail": encode_text(f"{_type_name(error)}: {text}"[:300])}


def _decode_json(line: str) -> Any:
    """json.loads, out of the program's reach."""
    body = line.strip(" \t\n\r")
    try:
        value, end = _scan_json(body, 0)
    except StopIteration:
        raise ValueError("input is not JSON") from None
    if end != len(body):
        raise ValueError("input is not JSON")
    return value


def _send_not_loaded(channel: Channel, source: str, detail: str) -> None:
    lcb_alarm.off()
    no_python = _with_room(compiles, source)
    kind = "syntax" if no_python else "load"
    _send(channel, {"failed": kind, "detail": encode_text((no_python or detail)[:300])})


def _send(channel: Channel, frame: dict[str, Any]) -> None:
    _with_room(channel.send, frame)


def _with_room(action: Callable[..., Any], argument: Any) -> Any:
    """Call with enough recursion limit; the program's own limit lasts from test to test."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _depth() + _HARNESS_FRAMES))
    try:
        return action(argument)
    finally:
        sys.setrecursionlimit(limit)


def _say(error: BaseException) -> str:
    """A line about an exception that never raises itself."""
    try:
        return f"{_type_name(error)}: {error}"
    except Exception:  # noqa: BLE001 - a __str__ of the program
        return _type_name(error)


def _type_name(error: BaseException) -> str:
    name: str = type.__dict__["__name__"].__get__(type(error))
    return name


def _depth() -> int:
    depth = 0
    frame = sys._getframe()
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
    return depth


def _guard() -> None:
    """Take away what the grader's `reliability_guard` takes away: from the dictionaries of the modules."""
    _disable_faulthandler()
    _environ[b"OMP_NUM_THREADS"] = b"1"  # os.environ[...] = ... does this and the next
    _putenv(b"OMP_NUM_THREADS", b"1")
    for names, removed in _removals:
        names.update(removed)
