"""Redis behind sentinels: a failover in the middle of a run loses nothing, with their own users and with TLS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from farm import config
from farm.errors import BrokerUnavailable, ConfigError
from farm.queue import broker_checks
from tests.support.answers import ScriptedModel
from tests.support.certificates import certificates
from tests.support.cluster.cluster import MODEL, SECRET, Cluster
from tests.support.farm_process import farm_processes
from tests.support.model_server import ModelServer
from tests.support.sentinel import MASTER, Guarding, Sentinels, running_sentinels
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.timeout(240)]
PROBLEMS = ("farm_add", "farm_echo", "farm_double")
PASSWORD = "p@ss/w#rd?%41:,;"


def guarded(folder: Path) -> Guarding:
    """Users on both sides, no access without one, and TLS."""
    rights = "~* &* +@all"
    users = folder / "users.acl"
    users.write_text(f"user default off\nuser data on >{PASSWORD} {rights}\n")
    own = folder / "sentinels.acl"
    own.write_text(f"user default off\nuser watch on >of-the-sentinels {rights}\n")
    return Guarding(
        server=("--aclfile", str(users), "--masteruser", "data", "--masterauth", PASSWORD),
        sentinel=(f"aclfile {own}", "sentinel sentinel-user watch", "sentinel sentinel-pass of-the-sentinels"),
        to_servers=("data", PASSWORD),
        to_sentinels=("watch", "of-the-sentinels"),
        tls=certificates(folder),
    )


def variables(found: Sentinels) -> dict[str, str]:
    guarding = found.guarding
    env = {"FARM_BROKER_URL": found.url}
    if guarding.tls is not None:
        env |= {
            "FARM_BROKER_CA": str(guarding.tls.authority), "FARM_BROKER_PASSWORD": guarding.to_servers[1],
            "FARM_SENTINEL_USER": guarding.to_sentinels[0], "FARM_SENTINEL_PASSWORD": guarding.to_sentinels[1],
        }  # fmt: skip
    return env


@contextmanager
def cluster_on(found: Sentinels, folder: Path, n: int) -> Iterator[Cluster]:
    model = ScriptedModel(PROBLEMS, distinct=True)
    with ModelServer(answer=model.answer, model=MODEL, token=SECRET) as server:
        cluster = Cluster(folder / "home", found.servers[0], server, model, PROBLEMS, n=n, env=variables(found))
        cluster.sentinels = found
        cluster.home.mkdir()
        try:
            yield cluster
        finally:
            cluster.stop()
        wait_until(lambda: not farm_processes(cluster.home), "no process is left")


@pytest.mark.parametrize("kind", ["plain", "guarded"])
def test_a_failover_in_mid_run_loses_nothing(tmp_path: Path, kind: str) -> None:
    guarding = guarded(tmp_path) if kind == "guarded" else Guarding()
    with running_sentinels(tmp_path / "redis", guarding) as found, cluster_on(found, tmp_path, n=20) as cluster:
        workers = [cluster.worker("execute", "e", slots=2), cluster.worker("generate", "g", slots=4)]
        submit = cluster.submit()
        wait_until(lambda: cluster.judged() >= 5, "the run is under way", timeout_s=100)
        found.fail_over()
        submit.ok()
        cluster.check_score()
        assert all(worker.running for worker in workers)
        for process in cluster.processes:
            assert PASSWORD not in process.stderr and "of-the-sentinels" not in process.stderr


def test_what_is_wrong_with_sentinels_is_one_line(tmp_path: Path) -> None:
    with running_sentinels(tmp_path / "redis") as found:

        def said(url: str) -> str:
            with pytest.raises(BrokerUnavailable) as caught:
                broker_checks.ping(config.load({"HOME": "/nonexistent", "FARM_BROKER_URL": url}))
            assert caught.value.exit_code == 2 and "\n" not in str(caught.value)
            return str(caught.value)

        assert f"know no master other (known: {MASTER})" in said(found.url.replace(MASTER, "other"))
        assert "no sentinel of" in said("sentinel://127.0.0.1:1,127.0.0.1:2/farm-master/0")
        with pytest.raises(ConfigError, match="a sentinel, which holds no data; use sentinel://"):
            url = f"redis://127.0.0.1:{found.ports[0]}/0"
            broker_checks.ping(config.load({"HOME": "/nonexistent", "FARM_BROKER_URL": url}))
