"""Mode `lcb` on the trusted side: feed the child input by input, and judge what it answers.

The child (`inside/modes/lcb.py`) behaves like LiveCodeBench's grader process but holds no expected output;
this side sends input i + 1 only after output i was judged, so a program cannot answer a test from a
later one, and cannot be paid for ending early. Which observation is which verdict: docs/protocols.md
sections 4 and 10.

Where the original grader loses the results of all tests (an error outside a test, a process that
ends), the sample fails at test 0, as its list of codes says: `CaseResult.all_lost`, with the cause in `detail`.
"""

from __future__ import annotations

import hashlib
import math
import time
from typing import Literal

from farm import text
from farm.errors import SandboxLost
from farm.judging.answers import guarded
from farm.judging.texts import Outcome, compare_text
from farm.judging.values import compare_value, decode_expected, decode_text, starts_equal
from farm.records import CaseResult, JudgeSpec, Limits, Suite, Verdict
from farm.sandbox.api import Evaluation, Observation, Session

_EXCERPT_CHARS = 1024
_MAX_INT_DIGITS = {"official": 50_000, "official-2025-01": 50_000, "tt": 4_300}
_VERDICTS: dict[Outcome, Verdict] = {"equal": Verdict.PASSED, "different": Verdict.WRONG_ANSWER}
_LIMIT_VERDICTS = {
    "cpu": Verdict.TIME_LIMIT,
    "wall": Verdict.TIME_LIMIT,
    "memory": Verdict.MEMORY_LIMIT,
    "stdout": Verdict.OUTPUT_LIMIT,
    "result": Verdict.OUTPUT_LIMIT,
}


def alarm_s(limits: Limits) -> int:
    """Seconds of the program's clock until the alarm, per test: `cpu_s` as the whole number that the original takes."""
    return math.ceil(limits.cpu_s)


def global_limit_s(suite: Suite, judge: JudgeSpec, limits: Limits) -> float:
    """Seconds of the program's clock after which the process is ended, all tests together, as in the original."""
    return (alarm_s(limits) + 1) * len(suite.tests) + (0 if judge.variant == "tt" else 5)


def judge_lcb(session: Session, suite: Suite, judge: JudgeSpec, limits: Limits) -> Evaluation:
    """Judge the program that `session` runs on all tests of `suite`, and end the session.

    Raises SandboxLost if the child's end may be the host's fault.
    """
    return _Run(session, suite, judge, limits).judge()


class _Run:
    """One pass over a suite: the session, the clock and the cases so far."""

    def __init__(self, session: Session, suite: Suite, judge: JudgeSpec, limits: Limits) -> None:
        self.session, self.suite, self.spec, self.limits = session, suite, judge, limits
        self.alarm_s = alarm_s(limits)
        self.began = time.monotonic()
        self.global_s = global_limit_s(suite, judge, limits)
        self.lap_wall, self.lap_cpu, self.lap_starved = self.began, 0.0, 0.0
        self.cases: list[CaseResult] = []
        self.ended: Observation | None = None

    def judge(self) -> Evaluation:
        try:
            self._judge_all()
        finally:
            observed = self.ended or self.session.finish()
        failing = next((case for case in self.cases if case.verdict is not Verdict.PASSED), None)
        if failing is None and observed.peak_bytes > self.limits.memory_bytes:  # for less time than a look sees
            update = {
                "verdict": Verdict.MEMORY_LIMIT,
                "limit": "memory",
                "detail": f"peak {observed.peak_bytes >> 20} MiB",
            }
            failing = self.cases[-1] = self.cases[-1].model_copy(update=update)
        if failing is not None and observed.suspect:
            raise SandboxLost(f"the host may have ended the program: {observed.suspect}")
        cases = tuple(case.model_copy(update={"peak_bytes": observed.peak_bytes}) for case in self.cases)
        return Evaluation(
            verdict=Verdict.PASSED if failing is None else failing.verdict,
            first_failure=None if failing is None else failing.index,
            cases=cases,
            detail="" if failing is None else failing.detail,
            cpu_s=observed.cpu_s,
            wall_s=time.monotonic() - self.began,
        )

    def _judge_all(self) -> None:
        if not self._loaded():
            return
        expected = self._expected_values()
        if expected is None:
            return
        for index, test in enumerate(self.suite.tests):
            frame = self._exchange(text.encode_input(test.input), self.alarm_s + 1.0)
            if frame is None:
                self._child_ended(index)
                return
            if self.suite.func_name is None:
                case = self._judge_output(index, frame, test.output)
            else:
                case = self._judge_value(index, frame, expected[index])
            if case is None:
                self._lost(frame, index)
                return
            self.cases.append(case)
            if case.verdict is not Verdict.PASSED and self.spec.stop == "first_failure":
                return

    def _expected_values(self) -> list[object] | None:
        """The decoded expectations of a functional suite; None if one test spoils them all.

        The original decodes all inputs and outputs after loading, and gives up on any error.
        """
        if self.suite.func_name is None:
            return []
        digits = _MAX_INT_DIGITS[self.spec.variant]
        values = []
        for index, test in enumerate(self.suite.tests):
            try:
                for line in test.input.split("\n"):
                    decode_expected(line, max_int_digits=digits)
                values.append(decode_expected(test.output, max_int_digits=digits))
            except ValueError as error:
                self._lose_all("error", Verdict.RUNTIME_ERROR, f"test {index} is not JSON: {error}")
                return None
        return values

    def _loaded(self) -> bool:
        # The original starts one alarm for rewriting the text and another for executing it.
        frame = self._exchange(None, 2 * self.alarm_s + 1.0)
        if frame is None:
            self._child_ended(None)
        elif frame.get("loaded") is True:
            return True
        else:
            self._lost(frame, None)
        return False

    def _judge_output(self, index: int, frame: dict[str, object], expected: str) -> CaseResult | None:
        output = decode_text(frame.get("out"))
        if output is None:
            return self._judge_error(index, frame)
        outcome, fault = guarded(lambda: compare_text(output, expected, self.spec.comparator))
        if outcome == "error":
            return None
        data = text.encode(output)
        return self._case(
            index,
            _VERDICTS[outcome or "different"],
            detail=fault,
            decided_by="fault" if fault else "comparison",
            stdout_bytes=len(data),
            stdout_sha256=hashlib.sha256(data).hexdigest(),
            stdout_excerpt=text.printable(output, _EXCERPT_CHARS // 2)[:_EXCERPT_CHARS],
        )

    def _judge_value(self, index: int, frame: dict[str, object], expected: object) -> CaseResult | None:
        if "value" not in frame:
            return self._judge_error(index, frame)
        value = frame["value"]
        outcome, fault = guarded(lambda: compare_value(value, expected, mode="lcb"))
        if outcome == "error":
            detail = "the truth of a returned array is undefined"
            # The original writes two codes for this test then, so that the next one is the first to fail
            codes_shift = self.spec.variant != "tt" and self.spec.stop == "first_failure"
            starts, _ = guarded(lambda: starts_equal(value, expected))
            if codes_shift and index + 1 < len(self.suite.tests) and starts:
                self.cases.append(self._case(index, Verdict.PASSED, detail=detail))
                return self._case(index + 1, Verdict.RUNTIME_ERROR, detail=f"{detail}, in test {index}")
            return self._case(index, Verdict.RUNTIME_ERROR, detail=detail)
        by: Literal["comparison", "fault"] = "fault" if fault else "comparison"
        return self._case(index, _VERDICTS[outcome or "different"], detail=fault, decided_by=by)

    def _judge_error(self, index: int, frame: dict[str, object]) -> CaseResult | None:
        """The case of a test's own error; None if it is an error that loses all results."""
        detail = text.one_line(decode_text(frame.get("detail")) or "")
        if frame.get("error") == "time":
            return self._case(index, Verdict.TIME_LIMIT, detail=detail)
        if frame.get("error") == "error":
            memory = detail.startswith("MemoryError:")
            return self._case(index, Verdict.MEMORY_LIMIT if memory else Verdict.RUNTIME_ERROR, detail=detail)
        return None

    def _lost(self, frame: dict[str, object], index: int | None) -> None:
        """A frame after which the original grader has no result of any test."""
        where = "while loading" if index is None else f"in test {index}"
        detail = text.one_line(decode_text(frame.get("detail")) or "the child sent what is no answer")
        if frame.get("failed") == "syntax":
            self._lose_all("error", Verdict.SYNTAX_ERROR, detail)
        elif index is not None and decode_text(frame.get("out")) is not None:
            self._lose_all("error", Verdict.RUNTIME_ERROR, f"a signalling NaN is in the comparison {where}")
        elif frame.get("error") == "end":
            self._lose_all("process_end", Verdict.RUNTIME_ERROR, f"process ended: {detail} {where}", exit_code=1)
        else:
            self._lose_all("error", Verdict.RUNTIME_ERROR, f"{detail} {where}")

    def _child_ended(self, index: int | None) -> None:
        """No frame came: the child died, or was ended for a limit."""
        observed = self.ended = self.session.finish()
        if observed.suspect or not observed.locked:
            raise SandboxLost(f"the program's process was lost: {observed.suspect or 'it never locked itself down'}")
        where = "while loading" if index is None else f"in test {index}"
        verdict = _LIMIT_VERDICTS.get(observed.limit or "", Verdict.RUNTIME_ERROR)
        if observed.limit is None and self._seconds_left() <= 0:
            verdict = Verdict.TIME_LIMIT
        if verdict is Verdict.TIME_LIMIT:
            if index is None or self._seconds_left() <= 0:
                self._lose_all("process_end", verdict, f"time limit of the whole sample {where}", observed)
            else:
                self.cases.append(self._case(index, verdict, detail="the alarm did not end it", observed=observed))
        elif verdict is Verdict.RUNTIME_ERROR or index is None:
            how = f"signal {observed.signal}" if observed.signal else f"exit code {observed.exit_code}"
            self._lose_all("process_end", verdict, f"process ended: {observed.limit or how} {where}", observed)
        else:
            self.cases.append(self._case(index, verdict, detail=f"{observed.limit} limit", observed=observed))

    def _lose_all(
        self,
        how: Literal["error", "process_end"],
        verdict: Verdict,
        detail: str,
        observed: Observation | None = None,
        *,
        exit_code: int | None = None,
    ) -> None:
        """Replace all cases by one failure at test 0: the original grader has no result of any test."""
        case = self._case(0, verdict, detail=detail, observed=observed).model_copy(update={"all_lost": how})
        self.cases = [case if exit_code is None else case.model_copy(update={"exit_code": exit_code})]

    def _exchange(self, payload: bytes | None, clock_s: float) -> dict[str, object] | None:
        session = self.session
        self.lap_wall, self.lap_cpu, self.lap_starved = time.monotonic(), session.cpu_s, session.starved_s
        left = self._seconds_left()
        return None if left <= 0 else session.exchange(payload, clock_s=min(clock_s, left), alarm_s=self.alarm_s)

    def _seconds_left(self) -> float:
        return self.global_s - self.session.clock_s

    def _lap_cpu_s(self, observed: Observation | None) -> float:
        used = self.session.cpu_s if observed is None else observed.cpu_s
        return max(0.0, used - self.lap_cpu)

    def _case(
        self,
        index: int,
        verdict: Verdict,
        *,
        detail: str = "",
        decided_by: Literal["comparison", "fault"] = "comparison",
        observed: Observation | None = None,
        stdout_bytes: int = 0,
        stdout_sha256: str | None = None,
        stdout_excerpt: str = "",
    ) -> CaseResult:
        case = CaseResult(
            index=index,
            verdict=verdict,
            detail=detail,
            decided_by=decided_by,
            stdout_bytes=stdout_bytes,
            stdout_sha256=stdout_sha256,
            stdout_excerpt=stdout_excerpt,
            cpu_s=self._lap_cpu_s(observed),
            wall_s=time.monotonic() - self.lap_wall,
            starved_s=max(0.0, self.session.starved_s - self.lap_starved),
        )
        if observed is None:
            return case
        excerpt = text.printable(text.decode_output(observed.stderr[-_EXCERPT_CHARS:]))[:_EXCERPT_CHARS]
        return case.model_copy(
            update={
                "exit_code": observed.exit_code,
                "signal": observed.signal,
                "limit": observed.limit,
                "stderr_excerpt": excerpt,
            }
        )
