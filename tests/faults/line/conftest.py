"""The scripted run that every experiment on workers and Redis does, and its score without faults."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.line.experiment import Experiment, plan
from tests.support.cluster.cluster import Cluster, running_cluster
from tests.support.experiments.invariants import no_orphans, score_digest
from tests.support.experiments.nemesis import nemesis_of
from tests.support.experiments.scale import FULL, seed_of
from tests.support.orphans import adopted_orphans
from tests.support.sandbox import descendants


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The score digest of the scripted run when nothing goes wrong; and that nothing is done twice then."""
    with _line(tmp_path_factory.mktemp("reference")) as cluster:
        cluster.start_worker("execute", "one", slots=2)
        cluster.start_worker("generate", "g", slots=8)
        cluster.submit().ok(200)
        cluster.check_score()
        assert set(cluster.seeds_asked().values()) == {1}, "a sample was generated twice in a quiet run"
        assert len(cluster.seeds_asked()) == len(cluster.plan())
        return score_digest(cluster)


@pytest.fixture
def experiment(tmp_path: Path, reference: str) -> Iterator[Experiment]:
    """A cluster without workers, its nemesis, and the digest that must come out."""
    seed = seed_of(0 if FULL else 1)
    with _line(tmp_path) as cluster, nemesis_of(cluster, seed) as nemesis:
        yield Experiment(cluster, nemesis, reference)


@contextmanager
def _line(folder: Path) -> Iterator[Cluster]:
    problems, n = plan()
    with adopted_orphans():
        before = descendants(os.getpid())
        with running_cluster(folder, problems, n=n, distinct=True) as cluster:
            yield cluster
        no_orphans(before)
