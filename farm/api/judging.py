"""`farm.judge`: verdicts on programs without a run, from confined slots of this process.

Nothing is recorded. A program's failure is a verdict; what fails on this side raises.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from farm.errors import ConfigError, Interrupted
from farm.judging.open import DOCKER, open_sandbox
from farm.judging.selftest import require_safe
from farm.records import JudgeSpec, Limits, Suite, TestCase, default_limits
from farm.sandbox.api import Evaluation, Sandbox
from farm.sandbox.confinement import Confinement

Tests = Suite | Sequence[Suite] | Sequence[tuple[str, str]]


def judge(
    programs: Sequence[str],
    tests: Tests,
    *,
    judge: JudgeSpec | None = None,
    limits: Limits | None = None,
    slots: int | None = None,
    confinement: Confinement | None = None,
) -> list[Evaluation]:
    """The verdict on each program, in their order.

    `tests`: pairs of standard input and expected output, or a Suite (which also names a function to call, or holds
    Python asserts), for all programs; or a Suite for each. `judge` is `JudgeSpec()` by default: each test in its
    own process, up to the first failure. `limits` are by default those of that way of judging (6 CPU seconds
    and 1 GiB a test). `slots` programs run at a time, by default one per core.

    Raises SandboxUnavailable if programs cannot be confined here, SandboxLost if the sandbox died under a program
    three times, DatasetError for tests that are not for this judge, ConfigError for tests that are none, and
    Interrupted after Ctrl-C. Then no verdict is returned.
    """
    suites = _suites(tests, len(programs))
    rules = judge or JudgeSpec()
    bounds = limits or default_limits(rules)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    number = min(cores if slots is None else slots, len(programs))
    if slots is not None and slots < 1:
        raise ConfigError(f"slots is {slots}: at least one program must run")
    if not programs:
        return []
    with _sandboxes(number, confinement or Confinement()) as sandboxes:
        return _all(sandboxes, programs, suites, rules, bounds)


def _all(
    sandboxes: list[Sandbox], programs: Sequence[str], suites: Sequence[Suite], rules: JudgeSpec, limits: Limits
) -> list[Evaluation]:
    """Each sandbox takes the next program when it is done with one; the first error ends all."""
    found: dict[int, Evaluation] = {}
    places, lock, stop = iter(range(len(programs))), threading.Lock(), threading.Event()

    def work(sandbox: Sandbox) -> None:
        while not stop.is_set():
            with lock:
                place = next(places, None)
            if place is None:
                return
            try:
                found[place] = sandbox.evaluate(programs[place], suites[place], rules, limits)
            except BaseException:
                stop.set()
                raise

    with ThreadPoolExecutor(len(sandboxes), thread_name_prefix="farm-judge") as pool:
        working: list[Future[None]] = [pool.submit(work, sandbox) for sandbox in sandboxes]
        try:
            for future in working:
                future.result()
        except KeyboardInterrupt:
            stop.set()
            raise Interrupted("judging was interrupted: no verdict is kept", remedy="call farm.judge again") from None
    return [found[place] for place in range(len(programs))]


@contextmanager
def _sandboxes(number: int, confinement: Confinement) -> Iterator[list[Sandbox]]:
    """That many slots of the strongest tier that passes its self-test here; tier `none` is refused."""
    python, preload, container = confinement.python, confinement.preload, confinement.container
    with ExitStack() as opened:
        first = opened.enter_context(
            require_safe(confinement.tier, python=python, preload=preload, container=container)
        )
        tier = DOCKER if first.info.tier.startswith(DOCKER) else first.info.tier
        others = [
            opened.enter_context(open_sandbox(tier=tier, python=python, preload=preload, container=container))
            for _ in range(number - 1)
        ]
        yield [first, *others]


def _suites(tests: Tests, programs: int) -> Sequence[Suite]:
    """A suite for each program. ConfigError for tests that are none."""
    if isinstance(tests, Suite):
        return [tests] * programs
    if not tests:
        raise ConfigError("no tests are given: no program could fail")
    suites: list[Suite] = []
    cases: list[TestCase] = []
    for test in tests:
        if isinstance(test, Suite):
            suites.append(test)
            continue
        try:
            given, wanted = test
            cases.append(TestCase(input=given, output=wanted))
        except ValueError as exc:
            raise ConfigError("tests are pairs of input and expected output, both texts, or Suites") from exc
    if not suites:
        return [Suite(func_name=None, tests=tuple(cases))] * programs
    if cases or len(suites) != programs:
        raise ConfigError(f"{len(suites)} suites for {programs} programs", remedy="give one Suite for each, or one")
    return suites
