"""How a worker judges one sample: its tests in request, each program run in a child, each answer compared here.

Expected outputs stay on this side. A failure of the sandbox repeats the test on a new zygote and, after
RETRIES, raises: it never becomes a verdict here. SandboxBroken is evidence against the program: the sandbox broke
under it each time, and this slot then judged another (docs/adr/0023-what-breaks-its-sandbox.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Self, TypeVar

from farm import text
from farm.errors import DatasetError, SandboxBroken, SandboxError, SandboxLost, SandboxUnavailable
from farm.judging import verdict as outcome
from farm.judging.answers import Answers, check_tests
from farm.judging.asserts import AssertsOutcome, judge_asserts, source_of_tests
from farm.judging.control import BUILT_IN, Control, control_of
from farm.judging.lcb import global_limit_s, judge_lcb
from farm.judging.repeats import judged_repeatedly
from farm.records import TIER_NONE, CaseResult, JudgeSpec, Limits, Suite, TestCase, Verdict
from farm.sandbox.api import Evaluation, Observation, SandboxInfo
from farm.sandbox.cgroup import task_room
from farm.sandbox.runner import Runner, RunRequest

RETRIES = 2
STDOUT_CEILING = 128 << 20
LCB_STACK_BYTES = 8 << 20  # the system's default, which the original grader has
_EXCERPT_CHARS = 1024
_Result = TypeVar("_Result")


class JudgingSandbox:
    """The `Sandbox` of farm.sandbox.api: judges what a runner runs, and closes it.

    Mode `asserts` needs a second runner, for the tests; it is opened when first needed.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._tests_runner: Runner | None = None
        self._answers = Answers()
        self._lost = 0  # how often a sandbox was lost under a run, or did not start
        self._control = BUILT_IN  # another program, in case a sandbox breaks
        self._faults: dict[str, str] = {}  # by suite: how its own solution fails its tests; empty: it does not

    @property
    def info(self) -> SandboxInfo:
        return self._runner.info

    def evaluate(self, source: str, suite: Suite, judge: JudgeSpec, limits: Limits) -> Evaluation:
        """See `farm.sandbox.api.Sandbox`. DatasetError names a functional test that is no JSON.

        SandboxBroken, a SandboxLost: each try broke the sandbox, with no sign of a fault of the host, and this slot
        then judged another program.
        """
        program = text.encode(source)
        if len(program) > limits.program_bytes:
            detail = f"too_large: {len(program)} bytes of program"
            if judge.mode != "lcb":
                return Evaluation(Verdict.SYNTAX_ERROR, None, (), detail=detail)
            case = CaseResult(index=0, verdict=Verdict.SYNTAX_ERROR, detail=detail)  # before the first test
            return Evaluation(Verdict.SYNTAX_ERROR, 0, (case,), detail=detail)
        if (judge.mode == "asserts") != (suite.asserts is not None):
            raise DatasetError(
                f"the tests of this problem are not for judge mode {judge.mode}",
                remedy="choose another protocol: docs/benchmarks.md",
            )
        if judge.mode == "judge":
            check_tests(suite)
        try:
            judged = judged_repeatedly(lambda: self._once(program, suite, judge, limits), judge.repeats)
        except SandboxBroken as exc:
            self._check_by_control(exc, program)
            raise
        if judged.verdict is not Verdict.PASSED and (room := task_room()) is not None and room < limits.threads:
            raise SandboxLost(
                f"the host can start {room} more processes and threads; a program may have {limits.threads}"
            )
        self._control = control_of(Control(program, suite, judge, limits), judged) or self._control
        return judged

    def _check_by_control(self, broken: SandboxBroken, program: bytes) -> None:
        """Raises SandboxLost if nothing shows that it was the program that broke the sandbox."""
        if self.info.tier == TIER_NONE:
            raise SandboxLost(broken.message) from broken  # what is not confined may end what it likes
        control = BUILT_IN if self._control.program == program else self._control
        lost_before = self._lost
        try:
            self._once(control.program, control.suite, control.judge, control.limits)
        except SandboxError as exc:
            raise SandboxLost(f"{broken.message}, and another program's after it: {exc.message}") from broken
        if self._lost > lost_before:
            raise SandboxLost(f"{broken.message}, and another program's after it") from broken

    def _once(self, program: bytes, suite: Suite, judge: JudgeSpec, limits: Limits) -> Evaluation:
        try:
            if judge.mode == "lcb":
                return self._lcb(program, suite, judge, limits)
            if judge.mode == "asserts":
                return self._asserts(program, suite, judge, limits)
            return self._judge(program, suite, judge, limits)
        except OSError as exc:  # no descriptors, memory or space left on this side
            self._discard()
            raise SandboxLost(f"the host is short of something: {exc}") from exc

    def observe(self, source: str, suite: Suite, index: int, limits: Limits) -> Observation:
        """See `farm.sandbox.api.Sandbox`."""
        request = _run_request(text.encode(source), suite.func_name, suite.tests[index], limits)
        return self._repeat(lambda: self._observe(request))

    def close(self) -> None:
        """End all processes of this slot; idempotent."""
        self._runner.close()
        if self._tests_runner is not None:
            self._tests_runner.close()
        self._answers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- mode judge -----------------------------------------------------------------------------

    def _judge(self, program: bytes, suite: Suite, judge: JudgeSpec, limits: Limits) -> Evaluation:
        cases: list[CaseResult] = []
        for index, test in enumerate(suite.tests):
            cases.append(self._judge_test(index, program, suite, test, judge, limits))
            verdict = cases[-1].verdict
            # A program that does not compile does so in no test
            if verdict is Verdict.SYNTAX_ERROR or (verdict is not Verdict.PASSED and judge.stop == "first_failure"):
                break
        failed = next((case for case in cases if case.verdict is not Verdict.PASSED), None)
        return Evaluation(
            verdict=failed.verdict if failed else Verdict.PASSED,
            first_failure=failed.index if failed else None,
            cases=tuple(cases),
            detail=failed.detail if failed else "",
            cpu_s=sum(case.cpu_s for case in cases),
            wall_s=sum(case.wall_s for case in cases),
        )

    def _judge_test(
        self, index: int, program: bytes, suite: Suite, test: TestCase, judge: JudgeSpec, limits: Limits
    ) -> CaseResult:
        functional = suite.func_name is not None
        request = _run_request(program, suite.func_name, test, limits)
        seen = self._repeat(lambda: self._observe(request))
        decision = outcome.decide(seen, limits, functional=functional)
        if decision.verdict is not None:
            return _case(index, seen, decision.verdict, decision.detail)
        answer = self._answers.judge(seen, test, judge.comparator, suite.answers, functional=functional)
        case = _case(index, seen, answer.verdict, answer.detail)
        return case.model_copy(update={"decided_by": answer.decided_by})

    def _observe(self, request: RunRequest) -> Observation:
        """One child from launch to end. Raises SandboxLost for a run that does not count."""
        seen = self._runner.observe(request)
        if seen.suspect:
            raise SandboxLost(seen.suspect)
        return seen

    # --- mode lcb -------------------------------------------------------------------------------

    def _lcb(self, program: bytes, suite: Suite, judge: JudgeSpec, limits: Limits) -> Evaluation:
        request = RunRequest(
            mode="lcb",
            source=program,
            limits=limits,
            cpu_s=global_limit_s(suite, judge, limits),
            stack_bytes=LCB_STACK_BYTES,
            stdout_bytes=limits.stdout_bytes,
            func_name=suite.func_name,
            variant=judge.variant,
        )

        def once() -> Evaluation:
            with self._runner.session(request) as session:
                return judge_lcb(session, suite, judge, limits)

        return self._repeat(once)

    # --- mode asserts ---------------------------------------------------------------------------

    def _asserts(self, program: bytes, suite: Suite, judge: JudgeSpec, limits: Limits) -> Evaluation:
        result = self._called(program, suite, judge, limits)
        if result.blames_tests and suite.asserts is not None and suite.asserts.solution:
            self._check_by_solution(suite.asserts.solution, suite, judge, limits)
        return result.evaluation

    def _check_by_solution(self, solution: str, suite: Suite, judge: JudgeSpec, limits: Limits) -> None:
        """Raises DatasetError if the dataset's own solution fails the tests, too. Asked once for each suite."""
        digest = suite.record_digest()
        if digest not in self._faults:
            try:
                found = self._called(text.encode(solution), suite, judge, limits).evaluation
            except SandboxBroken as exc:  # not by the sample's program
                raise SandboxLost(f"under the problem's own solution: {exc.message}") from exc
            at_fault = found.verdict in (Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR, Verdict.SYNTAX_ERROR)
            self._faults[digest] = found.detail if at_fault else ""
        if self._faults[digest]:
            raise DatasetError(f"the tests of this problem fail its own solution, too: {self._faults[digest]}")

    def _called(self, program: bytes, suite: Suite, judge: JudgeSpec, limits: Limits) -> AssertsOutcome:
        callee = RunRequest(
            mode="program",
            source=program,
            limits=limits,
            cpu_s=limits.cpu_s,
            stack_bytes=LCB_STACK_BYTES,
            stdout_bytes=limits.stdout_bytes,
        )
        tester = replace(callee, mode="tester", source=source_of_tests(suite))

        def once() -> AssertsOutcome:
            if self._tests_runner is None:
                self._tests_runner = self._runner.twin()
            with self._tests_runner.session(tester) as tests, self._runner.session(callee) as calls:
                return judge_asserts(calls, tests, suite, judge, limits)

        return self._repeat(once)

    # --- the host's share -----------------------------------------------------------------------

    def _repeat(self, action: Callable[[], _Result]) -> _Result:
        """`action`, again on a new zygote when the sandbox is lost under it. SandboxBroken if it broke each time."""
        broken = True
        for attempt in range(RETRIES + 1):
            try:
                return action()
            except SandboxLost as exc:
                self._lost += 1
                self._discard()
                broken = broken and isinstance(exc, SandboxBroken)
                if attempt == RETRIES:
                    if broken:
                        raise
                    raise SandboxLost(exc.message) from exc
            except SandboxUnavailable as exc:
                self._lost += 1
                self._discard()
                if attempt == RETRIES:
                    raise SandboxLost(f"no new zygote: {exc.message}") from exc
            except BaseException:
                self._discard()  # interrupted in between: what the zygote says next is not for the next run
                raise
        raise AssertionError("unreachable")

    def _discard(self) -> None:
        self._runner.discard()
        if self._tests_runner is not None:
            self._tests_runner.discard()


def _run_request(program: bytes, func_name: str | None, test: TestCase, limits: Limits) -> RunRequest:
    """One child of mode `judge`: one program on one test."""
    given = text.encode_input(test.input)
    return RunRequest(
        mode="judge",
        source=program,
        limits=limits,
        cpu_s=limits.cpu_s,
        stack_bytes=limits.stack_bytes,
        stdout_bytes=_stdout_cap(limits, test),
        func_name=func_name,
        stdin=given if func_name is None else None,
        payload=None if func_name is None else given,
    )


def _stdout_cap(limits: Limits, test: TestCase) -> int:
    """The cap, or twice the expected output and 1 MiB if that is more: docs/sandbox.md section 7."""
    return min(STDOUT_CEILING, max(limits.stdout_bytes, 2 * len(text.encode_input(test.output)) + (1 << 20)))


def _case(index: int, seen: Observation, verdict: Verdict, detail: str) -> CaseResult:
    return CaseResult(
        index=index,
        verdict=verdict,
        detail=detail,
        exit_code=seen.exit_code,
        signal=seen.signal,
        limit=seen.limit,
        stdout_bytes=seen.stdout_bytes,
        stdout_sha256=hashlib.sha256(seen.stdout).hexdigest(),
        stdout_excerpt=text.printable(text.decode_output(seen.stdout[:_EXCERPT_CHARS]), _EXCERPT_CHARS),
        stderr_excerpt=text.printable(text.decode_output(seen.stderr[-_EXCERPT_CHARS:]), _EXCERPT_CHARS),
        truncated=seen.stdout_truncated,
        cpu_s=seen.cpu_s,
        wall_s=seen.wall_s,
        starved_s=seen.starved_s,
        peak_bytes=max(0, seen.peak_bytes),
    )
