"""R of each push: Redis is killed, emptied, and says everything twice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.line.experiment import Experiment
from tests.support.experiments.scale import TIMEOUT_S, size
from tests.support.network.tcp_proxy import TcpProxy

pytestmark = [pytest.mark.redis, pytest.mark.fault, pytest.mark.timeout(max(TIMEOUT_S, 400))]


@pytest.mark.parametrize("empty", [False, True], ids=["r1_with_its_data", "r2_without_data"])
def test_redis_is_killed(experiment: Experiment, empty: bool) -> None:
    """R1, R2: the workers stay, what was lost is sent again, nothing recorded is asked for again."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    workers = [cluster.start_worker("execute", "one", slots=2), cluster.start_worker("generate", "g", slots=8)]
    submit = experiment.start(seconds=size(20, 5), generate_slots=8)
    nemesis.when(lambda: cluster.judged() >= 5, "five samples are judged")
    recorded = cluster.completed()
    nemesis.restart_redis(empty=empty, down_s=size(12, 1))
    history = experiment.finish(submit)
    assert all(worker.running for worker in workers), "a worker ended with Redis"
    assert {history.requests[key] for key in recorded} == {1}, "a recorded sample was generated again"


def test_r15_every_message_and_every_answer_comes_twice(experiment: Experiment) -> None:
    """R15: the copies are dropped or counted, and the server is not asked again for what is recorded."""
    cluster = experiment.cluster
    direct = cluster.redis.client()

    def twice(command: list[bytes]) -> list[bytes]:
        if command[0] == b"LPUSH" and command[1].startswith((b"farm:execute", b"farm:generate")):
            return [*command, *command[2:]]
        if command[0] == b"XADD":
            again: Any = direct
            again.execute_command(*command)
            direct.expire(command[1], 3600)
        return command

    with TcpProxy(cluster.redis.port, rewrite=twice) as proxy:
        cluster.urls.update(coordinator=proxy.url, execute=proxy.url, generate=proxy.url)
        cluster.start_worker("execute", "one", slots=1)
        cluster.start_worker("execute", "two", slots=1)
        cluster.start_worker("generate", "g", slots=8)
        submit = experiment.start(seconds=2, generate_slots=8)
        history = experiment.finish(submit)
        cluster.stop()
    samples = len(history.planned)
    assert history.duplicated >= samples, f"the proxy repeated nothing: {history}"
