"""Execute workers on separate hosts: one is cut off in mid-run, and comes back."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from farm.ledger import history
from farm.ledger.ledger import Ledger
from tests.support.cluster.site import running_site
from tests.support.experiments.scale import FULL
from tests.support.experiments.sleepers import grade_words, write_sleepers
from tests.support.farm_process import report_of, samples_of
from tests.support.network.namespaces import emulated_hosts
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.fault, pytest.mark.timeout(400)]
SAMPLES = 60


@pytest.mark.skipif(not FULL, reason="takes a minute or two: FARM_FAULTS=full")
def test_a_host_that_is_cut_off_costs_nothing_and_works_again_when_healed(tmp_path: Path) -> None:
    answers = write_sleepers(tmp_path / "answers.jsonl", SAMPLES, 0.5)
    with emulated_hosts(2) as network, running_site(tmp_path, network.address) as site:
        stays, leaves = network.hosts
        for name, host in (("stays", stays), ("leaves", leaves)):
            site.farm("worker", "execute", "--name", name, "--slots", "1", prefix=host.prefix)
        site.joined("stays", "leaves")
        grade = site.farm(*grade_words(answers, tmp_path / "out"), "--run-id", "run-1")
        busy = lambda: all(worker.busy for worker in site.workers())  # noqa: E731
        wait_until(busy, "both are at work", timeout_s=100)
        leaves.cut()
        gone = lambda: [worker.name.partition("@")[0] for worker in site.workers()] == ["stays"]  # noqa: E731
        wait_until(gone, "the one that is cut off is taken for dead", timeout_s=60)
        assert grade.running, "the run goes on"
        leaves.heal()
        site.joined("leaves")
        grade.wait(300)
        with Ledger(f"sqlite:///{site.home / 'ledger.db'}") as ledger:
            judged = Counter(result.worker.partition("@")[0] for result in history.results(ledger, "run-1"))
    assert report_of(tmp_path / "out")["status"] == "COMPLETE"
    assert len(samples_of(tmp_path / "out")) == SAMPLES == judged.total()
    assert set(judged) == {"stays", "leaves"}
