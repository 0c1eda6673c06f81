"""What a run's live view says, in a file and in a terminal."""

from __future__ import annotations

import os
import pty
import sys
from collections.abc import Callable
from contextlib import suppress

import pytest

from farm.coordinator.progress import Progress
from farm.records.phases import Phase
from farm.screen.live import LiveView
from farm.screen.terminal import Terminal


def progress(judged: int = 300, elapsed_s: float = 100.0, **more: object) -> Progress:
    phases = dict.fromkeys(Phase, 0) | {
        Phase.PLANNED: 1000 - judged - 44, Phase.GENERATING: 40, Phase.EXECUTING: 4, Phase.JUDGED: judged,
    }  # fmt: skip
    return Progress(phases, {"PASSED": 120, "WRONG_ANSWER": judged - 120}, 90_000, 32, 32, elapsed_s, "", **more)  # type: ignore[arg-type]


def test_a_line_says_all_that_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    with LiveView(generates=True) as view:
        view.show(
            progress(
                tokens_per_s=845.2, streamed=9000, ttft_s=0.42, score=[0.4, 0.37, 0.436],
                failures={"Stalled": 1, "ConnectionLost": 3},
                slowest={"p#1": 252.0, "q#0": 61.0},
            )
        )  # fmt: skip
    assert capsys.readouterr().err.strip().split(" | ") == [
        "generated 304/1000, queued 664, in flight 32/32, 845 tokens/s, 9000 tokens of unfinished answers, "
        "first token 0.42 s",
        "judged 300/1000, executing 4, pass@1 so far 40.0 % (hard problems and quick failures come first)",
        "WRONG_ANSWER 180",
        "failed attempts: ConnectionLost 3, Stalled 1",
        "slowest: p#1 4:12, q#0 1:01",
        "elapsed 1:40, ETA unknown",
    ]


@pytest.mark.parametrize(("judged", "told"), [(499, "(quick failures come first)"), (500, "[37.0, 43.6]")])
def test_the_score_so_far_has_an_interval_once_a_fair_share_is_judged(
    judged: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with LiveView(generates=False) as view:
        view.show(progress(judged, score=[0.4, 0.37, 0.436]))
    assert f"pass@1 so far 40.0 % {told}" in capsys.readouterr().err


def test_before_anything_is_known_nothing_is_made_up(capsys: pytest.CaptureFixture[str]) -> None:
    phases = dict.fromkeys(Phase, 0) | {Phase.PLANNED: 10}
    with LiveView(generates=False) as view:
        view.show(Progress(phases, {}, 0, 0, 0, 0.0, "no execute worker is connected"))
    assert capsys.readouterr().err == "judged 0/10 | elapsed 0:00, ETA unknown | no execute worker is connected\n"


def test_the_end_is_foreseen_by_the_speed_of_this_session(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farm.screen.live.LINE_EVERY_S", 0.0)
    with LiveView(generates=True) as view:
        view.show(progress(judged=300, elapsed_s=10.0))
        view.show(progress(judged=400, elapsed_s=20.0))
    assert "ETA 1:00" in capsys.readouterr().err.splitlines()[-1]


def seen_in_a_terminal(monkeypatch: pytest.MonkeyPatch, use: Callable[[], None]) -> bytes:
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        use()
    seen = b""
    with suppress(OSError):  # the other end is closed: all was read
        while piece := os.read(ours, 65536):
            seen += piece
    os.close(ours)
    return seen


def test_in_a_terminal_it_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    def use() -> None:
        with LiveView(generates=True) as view:
            view.show(progress())
            view.show(progress(judged=301))

    seen = seen_in_a_terminal(monkeypatch, use)
    assert b"judged 301/1000" in seen and b"\x1b[" in seen


def test_what_is_said_meanwhile_stays_above_the_moving_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def use() -> None:
        terminal = Terminal()
        with terminal.run(generates=True, judges=True) as show:
            show(progress())
            terminal.say("stopping: waiting")
            show(progress(judged=301))
        terminal.say("after")

    seen = seen_in_a_terminal(monkeypatch, use)
    at = seen.index(b"stopping: waiting")
    assert seen.count(b"stopping: waiting") == 1 and b"judged 301/1000" in seen[at:]
    assert seen.rstrip().endswith(b"after")
