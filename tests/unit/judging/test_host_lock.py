"""A run that must be alone is alone, and waits for nobody longer than it must."""

from __future__ import annotations

import threading

import pytest

from farm.judging import host_lock as turns
from farm.judging.host_lock import Turns


def in_thread(action: threading.Event, entered: threading.Event, how: str) -> threading.Thread:
    def run() -> None:
        other = Turns()
        try:
            with getattr(other, how)():
                entered.set()
                action.wait(30)
        finally:
            other.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.parametrize(("mine", "theirs"), [("together", "alone"), ("alone", "together"), ("alone", "alone")])
def test_alone_excludes(mine: str, theirs: str) -> None:
    own, entered, leave = Turns(), threading.Event(), threading.Event()
    with getattr(own, mine)():
        thread = in_thread(leave, entered, theirs)
        assert not entered.wait(0.1)
    assert entered.wait(30)
    leave.set()
    thread.join()
    own.close()


def test_together_is_shared() -> None:
    own, entered, leave = Turns(), threading.Event(), threading.Event()
    with own.together():
        thread = in_thread(leave, entered, "together")
        assert entered.wait(30)
        leave.set()
        thread.join()
    own.close()
    own.close()


def test_a_hanging_slot_does_not_hold_up_the_others_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "WAIT_S", 0.05)
    own, other = Turns(), Turns()
    with own.together(), other.alone():
        pass
    own.close()
    other.close()
