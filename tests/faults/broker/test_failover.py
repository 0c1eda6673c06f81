"""Failovers of a Redis behind sentinels in full: back and forth under a run, by death and demotion, with events."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.integration.cluster.test_sentinel import cluster_on, guarded
from tests.support.sentinel import Guarding, running_sentinels
from tests.support.wait import wait_until

pytestmark = [
    pytest.mark.redis,
    pytest.mark.fault,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.environ.get("FARM_FAULTS") != "full", reason="minutes; FARM_FAULTS=full"),
]


@pytest.mark.parametrize("events", ["0", "1"])
@pytest.mark.parametrize("kind", ["plain", "guarded"])
def test_failovers_back_and_forth_lose_nothing(tmp_path: Path, kind: str, events: str) -> None:
    """With task events Celery publishes, whose own retries do not wait where several sentinels are named."""
    guarding = guarded(tmp_path) if kind == "guarded" else Guarding()
    with running_sentinels(tmp_path / "redis", guarding) as found, cluster_on(found, tmp_path, n=80) as cluster:
        cluster.env["FARM_TASK_EVENTS"] = events
        workers = [
            cluster.worker("execute", "e", slots=2),
            cluster.worker("generate", "g", slots=4),
            cluster.worker("generate", "h", slots=4),
        ]
        submit = cluster.submit()
        for judged, how in ((20, "kill"), (80, "demote"), (140, "kill")):
            wait_until(lambda judged=judged: cluster.judged() >= judged, f"{judged} verdicts", timeout_s=300)  # type: ignore[misc]
            if how == "demote":
                found.demote()
            else:
                found.fail_over().start()  # it comes back as a replica
        submit.ok(600)
        cluster.check_score()
        assert all(worker.running for worker in workers), "a worker ended"
