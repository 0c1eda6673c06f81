"""Mode `asserts` on the trusted side: carry calls from the tests' process to the program's, and decide.

Two children: the tester executes the dataset's tests (`inside/modes/tester.py`), the callee the program
(`inside/modes/program_child.py`). Neither can reach the other; this side passes frames between them, counts both
children's time, and makes verdicts of the tester's outcomes. The program's limits hold for the whole
sample, as in the original graders, which execute program and tests together.

Before the program's first answer a failure of the tests is the problem's: DatasetError. Afterwards it is the program's,
whatever its class: an answer may be anything, and tests may even evaluate it. `blames_tests` says that the tests did
not fail an assertion but raised, so that the caller may ask the dataset's own solution whether they always do.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import NamedTuple

from farm import text
from farm.errors import DatasetError, SandboxLost
from farm.judging import verdict as outcome
from farm.judging.values import decode_text
from farm.records import CaseResult, JudgeSpec, Limits, Suite, Verdict
from farm.sandbox.api import Ended, Evaluation, Observation, Session

_EXCERPT_CHARS = 1024


@dataclass(frozen=True, slots=True)
class AssertsOutcome:
    """An evaluation. `blames_tests`: its first failure is an error of the tests after an answer, which the tests may
    have whatever they are answered."""

    evaluation: Evaluation
    blames_tests: bool = False


def source_of_tests(suite: Suite) -> bytes:
    """What the tests' child is given at its start. DatasetError for a suite whose tests are no Python asserts."""
    if suite.asserts is None:
        raise DatasetError(
            "the tests of this problem are no Python asserts", remedy="choose another protocol: docs/protocols.md"
        )
    told = suite.asserts.model_dump(mode="json", include={"calls", "prompt", "setup", "classes"})
    return json.dumps({"classes": "", **told}).encode("ascii")


def judge_asserts(callee: Session, tester: Session, suite: Suite, judge: JudgeSpec, limits: Limits) -> AssertsOutcome:
    """Judge the program of `callee` by the tests of `tester`, and end both sessions.

    Raises DatasetError if the tests themselves fail, SandboxLost if a child's end may be the host's
    fault.
    """
    return _Run(callee, tester, suite, judge, limits).judge()


class _Passed(NamedTuple):
    """A limit that a child has passed; the fields are those of a CaseResult."""

    verdict: Verdict
    detail: str
    limit: Ended


@dataclass(frozen=True, slots=True)
class _End:
    """How a process ended instead of answering."""

    seen: Observation
    late: _Passed | None

    @property
    def how(self) -> str:
        if self.late is not None:
            return self.late.detail
        return f"signal {self.seen.signal}" if self.seen.signal else f"exit code {self.seen.exit_code}"


class _Decided(Exception):
    """The verdict that ends the sample."""

    def __init__(self, verdict: Verdict, detail: str, observed: Observation | None = None) -> None:
        super().__init__(detail)
        self.verdict, self.detail, self.observed = verdict, detail, observed


class _Run:
    """One pass over a suite: both sessions, the clock and the cases so far."""

    def __init__(self, callee: Session, tester: Session, suite: Suite, judge: JudgeSpec, limits: Limits) -> None:
        self.callee, self.tester = callee, tester
        self.suite, self.spec, self.limits = suite, judge, limits
        self.began = self.lap_wall = time.monotonic()
        self.lap_cpu = self.lap_starved = 0.0
        self.answers = 0
        self.cases: list[CaseResult] = []
        self.blames_tests = False

    def judge(self) -> AssertsOutcome:
        try:
            self._judge_all()
        except _Decided as decided:
            self._add(decided.verdict, decided.detail, decided.observed)
        finally:
            tested, called = self.tester.finish(), self.callee.finish()
        failing = next((case for case in self.cases if case.verdict is not Verdict.PASSED), None)
        if failing is None and (late := self._passed_limit(called)) is not None:
            failing = self.cases[-1] = self.cases[-1].model_copy(update=late._asdict())
        if failing is not None and called.suspect:
            raise SandboxLost(f"the host may have ended the program: {called.suspect}")
        cases = tuple(case.model_copy(update={"peak_bytes": max(0, called.peak_bytes)}) for case in self.cases)
        evaluation = Evaluation(
            verdict=Verdict.PASSED if failing is None else failing.verdict,
            first_failure=None if failing is None else failing.index,
            cases=cases,
            detail="" if failing is None else failing.detail,
            cpu_s=called.cpu_s + tested.cpu_s,
            wall_s=time.monotonic() - self.began,
        )
        return AssertsOutcome(evaluation, self.blames_tests)

    def _judge_all(self) -> None:
        self._load()
        verdict, detail = self._outcome(None)
        if verdict is not Verdict.PASSED:
            raise _Decided(verdict, f"in the setup of the tests: {detail}")
        for test in self.suite.tests:
            verdict, detail = self._outcome(text.encode(test.input))
            self._add(verdict, detail)
            if verdict is not Verdict.PASSED and self.spec.stop == "first_failure":
                return

    def _load(self) -> None:
        frame = self._ask_callee(None, "while loading")
        if frame.get("loaded") is not True:
            detail = _text(frame.get("detail")) or "the child sent what is no answer"
            if frame.get("failed") == "syntax":
                raise _Decided(Verdict.SYNTAX_ERROR, detail)
            raise _Decided(_of_exception(detail), f"while loading: {detail}")

    def _outcome(self, payload: bytes | None) -> tuple[Verdict, str]:
        """What became of the setup (None) or of one test, after all the calls that it made."""
        frame = self._ask_tester(payload)
        while "do" in frame:
            answer = self._ask_callee(_json(frame), "in a call")
            self.answers += 1
            try:
                payload = _json(answer)
            except (ValueError, RecursionError):  # read, but too deep to be written
                raise _Decided(Verdict.RUNTIME_ERROR, "the program's process sent what is no answer") from None
            frame = self._ask_tester(payload)
        detail = _text(frame.get("detail"))
        match frame.get("outcome"):
            case "passed":
                return Verdict.PASSED, ""
            case "wrong":
                return Verdict.WRONG_ANSWER, detail
            case "raised":
                return _of_exception(detail), detail
        if self.answers:
            self._blame_tests()
            return Verdict.WRONG_ANSWER, detail or "the tests raised on the program's answers"
        raise DatasetError(f"the tests of this problem fail by themselves: {detail or 'no outcome'}")

    def _ask_callee(self, payload: bytes | None, where: str) -> dict[str, object]:
        """The program's frame. Without one it has ended, was ended for a limit, or sent what is none."""
        end = self._ask(self.callee, payload, "the program's process")
        if isinstance(end, dict):
            return end
        if end.late is None:
            raise _Decided(Verdict.RUNTIME_ERROR, f"the program's process ended {where}: {end.how}", end.seen)
        raise _Decided(end.late.verdict, f"{end.how} {where}", end.seen)

    def _ask_tester(self, payload: bytes | None) -> dict[str, object]:
        """The tests' frame. Without one they have ended, by themselves or by what they were answered."""
        end = self._ask(self.tester, payload, "the tests' process")
        if isinstance(end, dict):
            return end
        if not self.answers:
            raise DatasetError(f"the tests of this problem end by themselves: {end.how}")
        if end.late is None:
            self._blame_tests()
            raise _Decided(Verdict.WRONG_ANSWER, f"the tests' process ended on the program's answers: {end.how}")
        raise _Decided(end.late.verdict, f"{end.how} in the tests on the program's answers")

    def _ask(self, session: Session, payload: bytes | None, whose: str) -> dict[str, object] | _End:
        """The frame of one of the two, or how it ended. Raises SandboxLost if that does not count."""
        frame = session.exchange(payload, clock_s=self._seconds_left())
        if frame is not None:
            return frame
        seen = session.finish()
        if seen.suspect or not seen.locked:
            raise SandboxLost(f"{whose} was lost: {seen.suspect or 'it never locked itself down'}")
        return _End(seen, self._passed_limit(seen))

    def _blame_tests(self) -> None:
        if self._first():
            self.blames_tests = True

    def _first(self) -> bool:
        """Whether nothing has failed before: only the first failure decides."""
        return all(case.verdict is Verdict.PASSED for case in self.cases)

    def _passed_limit(self, seen: Observation) -> _Passed | None:
        """The limit that a child has passed, in the order of docs/sandbox.md section 8."""
        if seen.limit in ("stdout", "result"):
            return _Passed(Verdict.OUTPUT_LIMIT, f"{seen.limit} over its cap", seen.limit)
        if seen.limit == "memory" or seen.peak_bytes > self.limits.memory_bytes:
            return _Passed(Verdict.MEMORY_LIMIT, f"peak {seen.peak_bytes >> 20} MiB", "memory")
        if (detail := outcome.over_time(seen, self.limits)) is not None:
            return _Passed(Verdict.TIME_LIMIT, detail, seen.limit if seen.limit in ("cpu", "wall") else "cpu")
        return None

    def _seconds_left(self) -> float:
        """Of the time of both children together, by their clocks: one of them waits while the other works."""
        return max(0.0, self.limits.wall_s - self.callee.clock_s - self.tester.clock_s)

    def _add(self, verdict: Verdict, detail: str, observed: Observation | None = None) -> None:
        now, cpu = time.monotonic(), self.callee.cpu_s if observed is None else observed.cpu_s
        starved = self.callee.starved_s + self.tester.starved_s
        case = CaseResult(
            index=len(self.cases),
            verdict=verdict,
            detail=text.one_line(detail),
            cpu_s=max(0.0, cpu - self.lap_cpu),
            wall_s=now - self.lap_wall,
            starved_s=max(0.0, starved - self.lap_starved),
        )
        self.lap_wall, self.lap_cpu, self.lap_starved = now, cpu, starved
        if observed is not None:
            case = case.model_copy(
                update={
                    "exit_code": observed.exit_code,
                    "signal": observed.signal,
                    "limit": observed.limit,
                    "stderr_excerpt": text.printable(text.decode_output(observed.stderr[-_EXCERPT_CHARS:]))[
                        :_EXCERPT_CHARS
                    ],
                }
            )
        self.cases.append(case)


def _of_exception(detail: str) -> Verdict:
    return Verdict.MEMORY_LIMIT if detail.startswith("MemoryError:") else Verdict.RUNTIME_ERROR


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _text(form: object) -> str:
    return text.one_line(decode_text(form) or "")
