"""The live view of a run: a moving picture in a terminal, plain lines in a file or a pipe."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from farm.coordinator.progress import Progress
from farm.records.phases import Phase
from farm.text import clock

LINE_EVERY_S = 5.0
FAIR_SHARE = 0.5  # of the samples: before, those that came first decide, and an interval would deny it


class LiveView:
    """Shows Progress on stderr, so that stdout stays the report's. Use as a context manager."""

    def __init__(self, *, generates: bool, judges: bool = True) -> None:
        self._generates, self._judges = generates, judges
        self._terminal = sys.stderr.isatty()
        self._live: Any = None
        self._last_line = ""
        self._last_at = 0.0
        self._first: Progress | None = None

    def __enter__(self) -> Self:
        if self._terminal:
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(file=sys.stderr), refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, text: str) -> bool:
        """One line above the moving picture; False where nothing moves, so that a plain line serves."""
        if self._live is None:
            return False
        from rich.text import Text

        self._live.console.print(Text(text))
        return True

    def show(self, progress: Progress) -> None:
        """Update the view."""
        if self._first is None:
            self._first = progress
        text = self._text(progress)
        if self._live is not None:
            from rich.text import Text

            self._live.update(Text(text.replace(" | ", "\n")))
            return
        now = time.monotonic()
        finished = _finished(progress) == sum(progress.phases.values())
        if text != self._last_line and (finished or now - self._last_at >= LINE_EVERY_S):
            self._last_line, self._last_at = text, now
            with suppress(OSError):  # whoever read this went away; the run goes on
                print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is the view

    def _text(self, progress: Progress) -> str:
        phases, total = progress.phases, sum(progress.phases.values())
        parts = [self._generated(progress, total)] if self._generates else []
        if self._judges:
            parts.append(_judged(progress, total, generates=self._generates))
        if phases[Phase.SCORING]:
            parts.append("scoring by lm-eval")
        others = {name: n for name, n in sorted(progress.verdicts.items()) if name != "PASSED"}
        if others:
            parts.append(", ".join(f"{name} {n}" for name, n in others.items()))
        if progress.failures:
            failed = ", ".join(f"{kind} {n}" for kind, n in sorted(progress.failures.items()))
            parts.append(f"failed attempts: {failed}")
        if progress.slowest and phases[Phase.GENERATING]:
            parts.append("slowest: " + ", ".join(f"{key} {clock(age)}" for key, age in progress.slowest.items()))
        parts.append(f"elapsed {clock(progress.elapsed_s)}, ETA {self._eta(progress, total)}")
        if progress.notice:
            parts.append(progress.notice)
        return " | ".join(parts)

    @staticmethod
    def _generated(progress: Progress, total: int) -> str:
        phases = progress.phases
        queued = phases[Phase.PLANNED] + phases[Phase.GENERATING]
        answered = total - queued
        growing = f", {progress.streamed} tokens of unfinished answers" if progress.streamed else ""
        first = "" if progress.ttft_s is None else f", first token {progress.ttft_s:.2f} s"
        return (
            f"generated {answered}/{total}, queued {max(0, queued - progress.in_flight)}, "
            f"in flight {progress.in_flight}/{progress.slots}, {progress.tokens_per_s:.0f} tokens/s{growing}{first}"
        )

    def _eta(self, progress: Progress, total: int) -> str:
        """From the rate of this session: samples finished before it do not count as its speed."""
        assert self._first is not None
        done, elapsed = _finished(progress), progress.elapsed_s - self._first.elapsed_s
        fresh = done - _finished(self._first)
        if done == total:
            return "now"
        return clock((total - done) * elapsed / fresh) if fresh > 0 and elapsed > 0 else "unknown"


def _finished(progress: Progress) -> int:
    return progress.phases[Phase.JUDGED] + progress.phases[Phase.UNJUDGED]


def _judged(progress: Progress, total: int, *, generates: bool) -> str:
    phases = progress.phases
    executing = f", executing {phases[Phase.EXECUTING]}" if phases[Phase.EXECUTING] else ""
    unjudged = f", UNJUDGED {phases[Phase.UNJUDGED]}" if phases[Phase.UNJUDGED] else ""
    score = ""
    if progress.score is not None:
        value, low, high = (100 * share for share in progress.score)
        first = "hard problems and quick failures" if generates else "quick failures"
        fair = phases[Phase.JUDGED] >= FAIR_SHARE * total
        score = f", pass@1 so far {value:.1f} % " + (f"[{low:.1f}, {high:.1f}]" if fair else f"({first} come first)")
    return f"judged {phases[Phase.JUDGED]}/{total}{executing}{unjudged}{score}"
