"""The hostile and the honest programs in the other places where a worker may run; the host of these tests is the first.

Each environment runs both suites there as they are, in every tier that it has, and hands back each test's result.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from farm.judging.open import CONFINED
from tests.environments.environment import (
    DOCKER_DEFAULT,
    DOCKER_HARDENED,
    DOCKER_NO_LANDLOCK,
    HOST_USER,
    Attempt,
    Environment,
    Results,
)
from tests.hostile.program import read_folder
from tests.support.containers.docker_engine import IMAGE, base_image_problem, missing
from tests.support.data import ROOT
from tests.support.experiments.scale import FULL

AT_ONCE = 2  # each runs one program at a time, and verdicts go by CPU time: company changes none
NO_LANDLOCK = pytest.param(DOCKER_NO_LANDLOCK, id="docker-no-landlock", marks=[pytest.mark.docker, pytest.mark.fault])
MAY_SKIP = ("for x86_64 only", "for aarch64 only")  # the other machine's instructions


def problem(environment: Environment) -> str:
    """Why this machine cannot be that environment; empty if it can."""
    if environment.docker is None:
        return ""
    if sys.version_info[:2] != (3, 11):
        return f"{IMAGE} cannot use packages installed for Python {sys.version_info[0]}.{sys.version_info[1]}"
    return base_image_problem()


class Environments:
    """Runs environments, AT_ONCE together, and keeps the results for their tests."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._attempts: list[Attempt] = []
        self._results: dict[Environment, Future[Results]] = {}

    def start(self, environment: Environment) -> None:
        attempt = Attempt(environment)
        self._attempts.append(attempt)
        self._results[environment] = self._pool.submit(attempt.run)

    def __getitem__(self, environment: Environment) -> Results:
        return self._results[environment].result()

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        for attempt in self._attempts:
            attempt.stop()
        self._pool.shutdown(wait=True)
        for attempt in self._attempts:
            attempt.close()


@pytest.fixture(scope="module")
def environments(request: pytest.FixtureRequest) -> Iterator[Environments]:
    """All environments that this session has selected are under way."""
    mine = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    started = Environments()
    try:
        for environment in {item.callspec.params["environment"]: None for item in mine}:
            if not problem(environment) and (environment.docker is not None or os.geteuid() == 0):
                started.start(environment)
        yield started
    finally:
        started.close()


@pytest.mark.slow
@pytest.mark.timeout(2400)
@pytest.mark.parametrize(
    "environment",
    [
        pytest.param(HOST_USER, id="host-user"),
        pytest.param(DOCKER_DEFAULT, id="docker-default", marks=pytest.mark.docker),
        pytest.param(DOCKER_HARDENED, id="docker-hardened", marks=pytest.mark.docker),
        *([NO_LANDLOCK] if FULL else []),
    ],
)
def test_both_suites_pass(
    environment: Environment, environments: Environments, capsys: pytest.CaptureFixture[str]
) -> None:
    if why := problem(environment):
        missing(why)
    if environment == HOST_USER and os.geteuid() != 0:
        pytest.skip("the tests themselves run as a user here: the suites have their results in this very session")
    results = environments[environment]
    summary = f"{len(results.passed)} passed in {results.seconds:.0f} s"
    with capsys.disabled():
        print(f"\n{environment.name}: {summary}, tiers {', '.join(sorted(results.tiers))}\n{results.doctor}")
    assert results.exit_code == 0, results.output[-8000:]
    assert environment.tiers <= results.tiers, results.doctor
    assert {name: why for name, why in results.skipped.items() if why not in MAY_SKIP} == {}
    assert expected(results.tiers) <= results.passed | results.skipped.keys()


def expected(tiers: set[str]) -> set[str]:
    """The tests that must have a result: each program in each tier, slow ones in the strongest."""
    strongest = next(tier for tier in CONFINED if tier in tiers)
    hostile = {f"test_attack[{p.name}-{t}]" for p in read_folder(ROOT / "tests/hostile/programs") for t in tiers}
    honest = {
        f"test_honest_program_passes[{p.name}-{t}]"
        for p in read_folder(ROOT / "tests/corpus/honest")
        for t in tiers
        if t == strongest or not p.header.get("slow", False)
    }
    return hostile | honest
