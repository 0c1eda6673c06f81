"""How many programs a judge server lets wait, and which of its requests a stop waits for."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, cast

import pytest

from farm.judge_server.service import Overloaded, Service
from farm.judge_server.slots import SlotPool


@dataclass
class _Places:
    """As much of a pool as admission looks at."""

    number: int


def service(slots: int, waiting: int) -> Any:
    return Service(cast(SlotPool, _Places(slots)), waiting)


def test_programs_that_find_a_free_slot_do_not_wait() -> None:
    busy = service(slots=4, waiting=0)
    with busy._admitted(1), busy._admitted(3):
        with pytest.raises(Overloaded):
            busy._admitted(1).__enter__()
        assert busy.programs == 4
    assert busy.programs == 0


def test_a_request_alone_may_be_larger_than_what_may_wait() -> None:
    idle = service(slots=1, waiting=2)
    with idle._admitted(100), pytest.raises(Overloaded):
        idle._admitted(1).__enter__()


def test_a_stop_waits_until_answers_are_sent() -> None:
    answering = service(slots=1, waiting=0)
    ended: list[str] = []

    def stop() -> None:
        answering.wait_until_idle()
        ended.append("stop")

    stopping = threading.Thread(target=stop)
    with answering.answering():
        stopping.start()
        ended.append("answer")
    stopping.join(timeout=10)
    assert ended == ["answer", "stop"]
