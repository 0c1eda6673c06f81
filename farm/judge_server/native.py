"""`POST /v1/judge` and `POST /v1/suites`: what a caller sends, and what it gets."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from farm.errors import ConfigError
from farm.ids import DEFAULT_RUNTIME, sha256_hex
from farm.judge_server.slots import Task
from farm.records import Digest, JudgeSpec, Limits, Record, Suite, Verdict, default_limits
from farm.sandbox.api import Evaluation

MOST_PROGRAMS = 1024  # of one request
SUITE_BYTES = 256 << 20  # of suites that are kept; the ones used longest ago go first


class JudgeRequest(Record):
    """Programs, and the suite that all of them have: inline, or one that was sent before, by its digest.

    `judge` and `limits` are by default those of `farm.judge`. `budget_s` bounds the time of the whole request.
    `stream`: a line of JSON for each program, as soon as it is judged, in place of one answer. `details`: also what
    was seen of each test, which may show its expected output.
    """

    programs: Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_PROGRAMS)]
    suite: Suite | None = None
    suite_digest: Digest | None = None
    judge: JudgeSpec = JudgeSpec()
    limits: Limits | None = None
    budget_s: Annotated[float, Field(gt=0, le=86_400)] | None = None
    stream: bool = False
    details: bool = False

    @model_validator(mode="after")
    def _one_suite(self) -> Self:
        if (self.suite is None) == (self.suite_digest is None):
            raise ValueError("give either suite or suite_digest")
        if self.judge.runtime != DEFAULT_RUNTIME:
            raise ValueError("this server has one runtime: leave judge.runtime out")
        return self


class TestVerdict(Record):
    """One test of one program."""

    __test__ = False  # not a pytest class

    index: int
    verdict: Verdict
    cpu_s: float
    wall_s: float
    detail: str = ""


class ProgramVerdict(Record):
    """The verdict on `programs[index]`.

    `tests` are those that ran: up to the first failure, or all with `judge.stop` "all". `share_passed` is of all tests
    of the suite; what did not run has not passed.
    """

    index: int
    verdict: Verdict
    passed: bool
    first_failure: int | None
    share_passed: float
    tests: tuple[TestVerdict, ...]
    cpu_s: float
    wall_s: float
    detail: str = ""


class Suites:
    """Suites that callers have sent, by digest, up to SUITE_BYTES."""

    def __init__(self, most_bytes: int = SUITE_BYTES) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[str, tuple[Suite, int]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def put(self, suite: Suite) -> str:
        """Keep a suite; its digest."""
        text = suite.to_json()
        digest = sha256_hex(text)
        with self._lock:
            if digest not in self._kept:
                self._kept[digest] = suite, len(text)
                self._bytes += len(text)
            self._kept.move_to_end(digest)
            while len(self._kept) > 1 and self._bytes > self._most:
                self._bytes -= self._kept.popitem(last=False)[1][1]
        return digest

    def get(self, digest: str) -> Suite | None:
        """A suite that is still kept."""
        with self._lock:
            found = self._kept.get(digest)
            if found is not None:
                self._kept.move_to_end(digest)
        return None if found is None else found[0]


def tasks_of(request: JudgeRequest, suite: Suite) -> list[Task]:
    """A task for each program."""
    limits = request.limits or default_limits(request.judge)
    return [Task(program, suite, request.judge, limits) for program in request.programs]


def verdict_on(index: int, found: Evaluation, tests: int, details: bool) -> ProgramVerdict:
    """What a caller is told of one program."""
    passed = sum(case.verdict is Verdict.PASSED for case in found.cases)
    return ProgramVerdict(
        index=index,
        verdict=found.verdict,
        passed=found.verdict is Verdict.PASSED,
        first_failure=found.first_failure,
        share_passed=passed / tests,
        tests=tuple(
            TestVerdict(
                index=case.index, verdict=case.verdict, cpu_s=case.cpu_s, wall_s=case.wall_s,
                detail=case.detail if details else "",
            )
            for case in found.cases
        ),
        cpu_s=found.cpu_s,
        wall_s=found.wall_s,
        detail=found.detail if details else "",
    )  # fmt: skip


def parsed(kind: type[Any], body: bytes) -> Any:
    """A record of a request's body. ConfigError names the first field that is wrong."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        raise ConfigError(f"{place}: {first['msg']}", remedy="docs/judge-server.md has the fields") from exc
