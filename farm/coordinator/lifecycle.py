"""The life of a run as a state machine without I/O: events in, commands out, times as fields of events.

The driver records an event in the ledger first, then tells the lifecycle, then carries out the
commands. So whatever is lost between two of these steps is found again from the ledger: a new Lifecycle made
from it sends what has no result. Nothing here reads a clock, a queue or a file.

Per sample: PLANNED -> GENERATING -> COMPLETED -> EXECUTING -> JUDGED, or UNJUDGED when its attempts
are used up. A sample whose every attempt broke its sandbox is held (COMPLETED, in no queue) until it is known
whose fault that was: the program's, which is then judged for it, or the host's.

Sending is by window, not all at once: a cancelled run leaves little behind, several runs share the workers, and
Redis never holds a whole benchmark.

A run that lm-eval scores has SCORING in place of EXECUTING: once every sample is COMPLETED, one job
scores them all. If its attempts are used up, or another attempt cannot help, the run pauses for a cause
that needs a person; its samples stay COMPLETED.

A sample whose program is being executed for another one is WAITING behind it. Whatever ends that
execution (a verdict, a failure, a loss) sets all that wait behind it free at once: each is then sent,
answered from the verdict, or waits again. So a sample waits only behind work that is really out, and
nothing depends on how that work ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from farm.coordinator.events import (
    AttemptFailed,
    Command,
    Completed,
    Condemn,
    Event,
    GiveUp,
    Judged,
    Pause,
    Returned,
    Scored,
    Send,
    Vanished,
    Waits,
)
from farm.judging.broken_sandboxes import BrokenSandboxes
from farm.records import ALL_SAMPLES, AllSamples, SampleKey, WorkKey
from farm.records.phases import Phase, Stage

MAX_ATTEMPTS = 3
SAMPLE_STAGES = (Stage.GENERATE, Stage.EXECUTE)  # those whose jobs are about one sample


class Ready(Protocol):
    """What is ready to be sent, in the order of sending; a deque is one."""

    def __len__(self) -> int: ...
    def append(self, key: SampleKey, /) -> None: ...
    def extendleft(self, keys: Iterable[SampleKey], /) -> None: ...
    def popleft(self) -> SampleKey: ...


_NONE: Mapping[Stage, int] = MappingProxyType({})  # of most samples no attempt failed


@dataclass(slots=True)
class _Sample:
    phase: Phase
    failures: Mapping[Stage, int]


class Lifecycle:
    """All samples of one run. `start` first, then `handle` for each event.

    Those that are judged are only counted: nothing can happen to them any more, and a run may have 200,000.
    """

    def __init__(
        self,
        *,
        windows: dict[Stage, int],
        max_attempts: int = MAX_ATTEMPTS,
        generate: Ready | None = None,
        after_completion: Stage | None = Stage.EXECUTE,
    ) -> None:
        """`windows`: how many samples of each stage may be outstanding at a time; may be changed while it runs.

        `generate` decides the order of generating; without it, samples go out in the order of the plan.
        With `after_completion` None a completion is a sample's end: JUDGED then means that nothing is left to do.
        """
        self._next = after_completion
        self._windows = windows
        self._max_attempts = max_attempts
        self._samples: dict[SampleKey, _Sample] = {}
        self._ready: dict[Stage, Ready] = {
            Stage.GENERATE: deque[SampleKey]() if generate is None else generate,
            Stage.EXECUTE: deque[SampleKey](),
        }
        self._out: dict[Stage, dict[WorkKey, int]] = {stage: {} for stage in Stage}  # key -> attempt
        self._waiting: dict[
            SampleKey, dict[SampleKey, None]
        ] = {}  # executing sample -> those that wait behind it, in order
        self._behind: dict[SampleKey, SampleKey] = {}  # the same, by the one that waits
        self._broken = BrokenSandboxes()
        self._held: dict[SampleKey, str] = {}  # every attempt broke its sandbox; with the last reason
        self._counts = dict.fromkeys(Phase, 0)
        self._failed_scores = 0
        self.paused: str | None = None

    # --- what the driver asks ---------------------------------------------------------------------

    @property
    def done(self) -> bool:
        """Whether nothing is left to do: every sample is judged or given up, or cannot be scored for those that are."""
        ended = self._counts[Phase.UNJUDGED]
        if self._next is Stage.SCORE and ended:
            ended += self._counts[Phase.COMPLETED]  # a run with gaps has no score
        return ended == len(self._samples)

    def counts(self) -> dict[Phase, int]:
        """Samples by phase."""
        return dict(self._counts)

    def outstanding(self, stage: Stage) -> dict[WorkKey, int]:
        """The outstanding work of a stage, with the number of the attempt."""
        return dict(self._out[stage])

    def is_outstanding(self, key: SampleKey, stage: Stage) -> bool:
        return key in self._out[stage]

    # --- transitions ------------------------------------------------------------------------------

    def start(
        self,
        known: Iterable[tuple[SampleKey, Phase, dict[Stage, int]]],
        *,
        judged: int = 0,
        scoring: int = 0,
        broken: Mapping[SampleKey, Iterable[str]] = MappingProxyType({}),
        judging: Iterable[str] = (),
    ) -> list[Command]:
        """Begin from the ledger: each planned sample, how far it came, and its failed attempts.

        `judged` are those that have a verdict and are not in `known`.

        GENERATING and EXECUTING mean that a living worker has it from an earlier coordinator: its
        answer is awaited. `scoring` means the same of this attempt to score; 0: no worker does. Order is the order of
        sending, unless `generate` decides another one. `broken`: of samples whose attempts broke a sandbox, at which
        workers; `judging`: the workers that have judged samples of this run.
        """
        self._broken.known(broken, judging)
        self._counts[Phase.JUDGED] += judged
        for key, phase, failures in known:
            if key in self._samples:
                raise ValueError(f"{key}: planned twice")
            if self._next is None and phase is Phase.COMPLETED:
                phase = Phase.JUDGED
            self._counts[phase] += 1
            if phase is not Phase.JUDGED:
                self._samples[key] = _Sample(phase, dict(failures) if failures else _NONE)
            match phase:
                case Phase.PLANNED:
                    self._ready[Stage.GENERATE].append(key)
                case Phase.COMPLETED if self._next is Stage.EXECUTE:
                    self._ready[Stage.EXECUTE].append(key)
                case Phase.GENERATING:
                    self._out[Stage.GENERATE][key] = failures.get(Stage.GENERATE, 0) + 1
                case Phase.EXECUTING:
                    self._out[Stage.EXECUTE][key] = failures.get(Stage.EXECUTE, 0) + 1
        if scoring and self._can_be_scored():
            self._failed_scores = scoring - 1
            self._begin_scoring()
        return self._after(iter(()))

    def handle(self, event: Event) -> list[Command]:
        """One event; the commands it leads to. Late and repeated events change nothing."""
        match event:
            case Completed(key):
                return self._after(self._completed(key))
            case Judged(key, worker):
                return self._after(self._judged(key, worker))
            case Scored():
                return self._after(self._scored())
            case AttemptFailed(key):
                if isinstance(key, AllSamples):
                    return self._after(self._score_failed(event))
                return self._after(self._failed(key, event))
            case Vanished(key, stage):
                lost = self._score_vanished() if isinstance(key, AllSamples) else self._vanished(key, stage)
                return self._after(lost)
            case Returned(key, stage, attempt):
                ours = self._out[stage].get(key) == attempt  # else an answer was faster, or it is an older attempt's
                return self._after(self._vanished(key, stage) if ours else iter(()))
            case Waits(key, behind):
                return self._after(self._waits(key, behind))
            case Pause(reason):
                self.paused = self.paused or reason
                return self._after(iter(()))

    def _completed(self, key: SampleKey) -> Iterator[Command]:
        sample = self._samples.get(key)
        if sample is not None and self._wants_completion(sample):
            self._leave(key, Stage.GENERATE)
            self._move(key, sample, Phase.JUDGED if self._next is None else Phase.COMPLETED)
            if self._next is Stage.EXECUTE:
                self._ready[Stage.EXECUTE].append(key)
        yield from ()

    @staticmethod
    def _wants_completion(sample: _Sample) -> bool:
        if sample.phase is Phase.UNJUDGED:  # given up before it had one, or after
            return Stage.EXECUTE not in sample.failures
        return sample.phase in (Phase.PLANNED, Phase.GENERATING)

    def _judged(self, key: SampleKey, worker: str) -> Iterator[Command]:
        self._broken.judged(key, worker)
        self._held.pop(key, None)
        sample = self._samples.get(key)
        if sample is not None:
            for stage in SAMPLE_STAGES:
                self._leave(key, stage)
            self._move(key, sample, Phase.JUDGED)
        yield from ()

    def _failed(self, key: SampleKey, event: AttemptFailed) -> Iterator[Command]:
        stage = event.stage
        if self._out[stage].get(key) != event.attempt:
            return  # an answer was faster, or an older attempt's echo
        sample = self._samples[key]
        self._leave(key, stage)
        failures = sample.failures.get(stage, 0) + 1
        sample.failures = {**sample.failures, stage: failures}
        if event.broken_at:
            self._broken.broke(key, event.broken_at)
        if event.final or failures >= self._max_attempts:
            yield from self._no_attempt_left(key, stage, self._last(event.reason, failures, event.final))
        else:
            self._back(key, sample, stage)

    def _no_attempt_left(self, key: SampleKey, stage: Stage, reason: str) -> Iterator[Command]:
        sample = self._samples[key]
        if stage is Stage.EXECUTE and self._broken.broke_all(key, sample.failures[stage]):
            self._move(key, sample, Phase.COMPLETED)
            self._held[key] = reason
        else:
            self._move(key, sample, Phase.UNJUDGED)
            yield GiveUp(key, stage, reason)

    def _settle(self) -> Iterator[Command]:
        """Judge held samples whose program is to blame; give them up when nothing that is left to do can show it."""
        for key, reason in list(self._held.items()):
            if self._broken.by_the_program(key):
                del self._held[key]
                yield Condemn(key, reason)
        if not any(self._out.values()) and not any(map(len, self._ready.values())):
            for key, reason in self._held.items():
                self._move(key, self._samples[key], Phase.UNJUDGED)
                yield GiveUp(key, Stage.EXECUTE, f"{reason}; a worker that lost it has judged no other sample")
            self._held.clear()

    def _vanished(self, key: SampleKey, stage: Stage) -> Iterator[Command]:
        if key in self._out[stage]:
            self._leave(key, stage)
            self._back(key, self._samples[key], stage)
        yield from ()

    def _waits(self, key: SampleKey, behind: SampleKey) -> Iterator[Command]:
        if key == behind:
            raise ValueError(f"{key} cannot wait behind itself")
        if key in self._out[Stage.EXECUTE]:
            self._leave(key, Stage.EXECUTE)
            if behind in self._out[Stage.EXECUTE]:
                self._move(key, self._samples[key], Phase.WAITING)
                self._waiting.setdefault(behind, {})[key] = None
                self._behind[key] = behind
            else:  # its answer was faster
                self._back(key, self._samples[key], Stage.EXECUTE)
        yield from ()

    # --- the score --------------------------------------------------------------------------------

    def _scored(self) -> Iterator[Command]:
        if self._out[Stage.SCORE] or self._can_be_scored():
            self._out[Stage.SCORE].clear()
            self._move_all(Phase.JUDGED)
        yield from ()

    def _score_failed(self, event: AttemptFailed) -> Iterator[Command]:
        if self._out[Stage.SCORE].get(ALL_SAMPLES) == event.attempt:
            yield from self._score_vanished()
            self._failed_scores += 1
            if event.final or self._failed_scores >= self._max_attempts:
                self.paused = self.paused or self._last(event.reason, self._failed_scores, event.final)

    def _score_vanished(self) -> Iterator[Command]:
        if self._out[Stage.SCORE]:
            self._out[Stage.SCORE].clear()
            self._move_all(Phase.COMPLETED)
        yield from ()

    def _can_be_scored(self) -> bool:
        return self._next is Stage.SCORE and 0 < len(self._samples) == self._counts[Phase.COMPLETED]

    def _begin_scoring(self) -> Send:
        self._move_all(Phase.SCORING)
        self._out[Stage.SCORE][ALL_SAMPLES] = attempt = self._failed_scores + 1
        return Send(ALL_SAMPLES, Stage.SCORE, attempt)

    # --- helpers ----------------------------------------------------------------------------------

    def _last(self, reason: str, failures: int, final: bool) -> str:
        return reason if final else f"{reason} (attempt {failures} of {self._max_attempts})"

    def _move_all(self, phase: Phase) -> None:
        for key, sample in list(self._samples.items()):
            self._move(key, sample, phase)

    def _back(self, key: SampleKey, sample: _Sample, stage: Stage) -> None:
        self._move(key, sample, Phase.PLANNED if stage is Stage.GENERATE else Phase.COMPLETED)
        self._ready[stage].append(key)

    def _leave(self, key: SampleKey, stage: Stage) -> None:
        """No longer outstanding or waiting; those that wait behind it are free, and next to be sent."""
        self._out[stage].pop(key, None)
        if stage is Stage.EXECUTE:
            behind = self._behind.pop(key, None)
            if behind is not None:
                del self._waiting[behind][key]
            freed = self._waiting.pop(key, {})
            for waiting in freed:
                del self._behind[waiting]
                self._move(waiting, self._samples[waiting], Phase.COMPLETED)
            self._ready[Stage.EXECUTE].extendleft(reversed(freed))

    def _move(self, key: SampleKey, sample: _Sample, phase: Phase) -> None:
        self._counts[sample.phase] -= 1
        self._counts[phase] += 1
        sample.phase = phase
        if phase is Phase.JUDGED:
            del self._samples[key]

    def _after(self, commands: Iterator[Command]) -> list[Command]:
        result = list(commands)
        if self.paused is None:
            for stage in SAMPLE_STAGES:
                result.extend(self._fill(stage))
            result.extend(self._settle())
            if self._can_be_scored():
                result.append(self._begin_scoring())
        self._check()
        return result

    def _fill(self, stage: Stage) -> Iterator[Command]:
        ready, out = self._ready[stage], self._out[stage]
        wanted, sent = (
            (Phase.PLANNED, Phase.GENERATING) if stage is Stage.GENERATE else (Phase.COMPLETED, Phase.EXECUTING)
        )
        while ready and len(out) < self._windows[stage]:
            key = ready.popleft()
            sample = self._samples.get(key)
            if sample is None or sample.phase is not wanted:
                continue  # an answer of an earlier attempt arrived meanwhile
            failures = sample.failures.get(stage, 0)
            if failures >= self._max_attempts:  # the last one was recorded when its coordinator was about to end
                yield from self._no_attempt_left(key, stage, f"{failures} attempts failed")
                continue
            self._move(key, sample, sent)
            out[key] = failures + 1
            yield Send(key, stage, failures + 1)

    def _check(self) -> None:
        """What must hold after every step; cheap, so it is always on."""
        assert self._counts[Phase.GENERATING] == len(self._out[Stage.GENERATE])
        assert self._counts[Phase.EXECUTING] == len(self._out[Stage.EXECUTE])
        assert self._counts[Phase.WAITING] == len(self._behind)
        assert self._counts[Phase.SCORING] == (len(self._samples) if self._out[Stage.SCORE] else 0)
        assert all(self._samples[key].phase is Phase.COMPLETED for key in self._held)
        assert self._waiting.keys() <= self._out[Stage.EXECUTE].keys()
        assert sum(self._counts.values()) == len(self._samples) + self._counts[Phase.JUDGED]
        assert min(self._counts.values()) >= 0
