"""Mode `lcb` inside the child: the handler of the grader's alarm.

The grader calls `signal.alarm(6)`. Here the worker sends SIGALRM when six seconds of the program's clock are over. On
an idle host that is the same moment, and the program sees the same exception. It may ignore the signal or replace
the handler, as it may in the grader: then the worker ends it one second later.
"""

from __future__ import annotations

import signal

_state = {"on": False}


class TimeoutException(Exception):
    """Raised inside the program by the alarm. The grader knows it by its name."""


def on() -> None:
    """Let the alarm raise from now on. Replaces a timer of the program's, as the grader's call does."""
    signal.alarm(0)
    _state["on"] = True


def off() -> None:
    """Ignore an alarm that comes too late, when the worker rings while the program's answer is under way."""
    signal.alarm(0)
    _state["on"] = False


def _official(_signal: int, _frame: object) -> None:
    if _state["on"]:
        # The line lands in the captured output: a program that swallows the exception is wrong by it.
        print("timeout occured: alarm went off")  # noqa: T201
        raise TimeoutException


def _tt(_signal: int, _frame: object) -> None:
    if _state["on"]:
        raise TimeoutException


HANDLERS = {"official": _official, "official-2025-01": _official, "tt": _tt}
