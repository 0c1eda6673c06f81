"""W of `make faults`: signals, stopped workers, an empty field, death at the worst moment."""

from __future__ import annotations

import os
import signal
from typing import Any, cast

import pytest

from farm.ids import sample_seed
from farm.records import SampleKey
from tests.faults.line.experiment import Experiment
from tests.support.answers import gated
from tests.support.experiments.history import history_of
from tests.support.experiments.invariants import ended, isolated
from tests.support.experiments.nemesis import pool_of, zygotes_of
from tests.support.experiments.scale import TIMEOUT_S, only_in_full
from tests.support.network.tcp_proxy import TcpProxy
from tests.support.sandbox import alive, descendants
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.fault, pytest.mark.timeout(TIMEOUT_S), only_in_full]


def executing(experiment: Experiment) -> bool:
    """Whether a worker has claimed an execution."""
    claims = cast(list[bytes], experiment.cluster.redis.client().hkeys("farm:run:run-1:claims"))
    return any(place.startswith(b"execute/") for place in claims)


def test_w1_workers_that_keep_their_names_are_killed(experiment: Experiment) -> None:
    """W1 where the supervisor gives the next worker the name of the dead one: its claims are not those of the heir."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    cluster.start_worker("execute", "one", slots=2)
    cluster.start_worker("generate", "g", slots=8)
    experiment.slow_down(0.1)
    submit = experiment.start(seconds=60, generate_slots=8)
    client: Any = cluster.redis.client()
    for role in ("generate", "execute"):  # executions last longer than requests
        nemesis.when(lambda: executing(experiment) and cluster.server.in_flight > 0, "both workers have work")
        victim = nemesis.random_worker(role)
        assert victim is not None
        name = cluster.name_of(victim)
        nemesis.kill(victim)
        held = [claim for claim in client.hvals("farm:run:run-1:claims") if claim.decode().endswith(name)]
        cluster.tend()

        def given_to_others(dead: str = name) -> bool:
            failures = history_of(cluster).failures.values()
            return any(dead in reason for reasons in failures for reason in reasons)

        if held:
            nemesis.when(given_to_others, "the coordinator sees that it is dead, not that its name lives")
    experiment.finish(submit)


@pytest.mark.parametrize("role", ["execute", "generate"])
def test_w3_a_worker_that_is_told_to_stop_finishes_what_it_has(experiment: Experiment, role: str) -> None:
    """W3: exit code 0, nothing failed, and no other worker was given its work."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    workers = {"execute": cluster.start_worker("execute", "e"), "generate": cluster.start_worker("generate", "g", 8)}
    experiment.slow_down(0.2)
    submit = experiment.start(seconds=20, generate_slots=8)
    nemesis.when(lambda: executing(experiment) and cluster.server.in_flight > 0, "both workers have work")
    nemesis.signal(workers[role], signal.SIGTERM)
    assert workers[role].wait(100) == 0
    cluster.tend()
    history = experiment.finish(submit)
    assert not history.failures and not history.duplicated, str(history)
    assert set(history.requests.values()) == {1}


@pytest.mark.parametrize("how", ["quit", "twice"])
@pytest.mark.parametrize("role", ["execute", "generate"])
def test_w4_a_worker_is_told_to_stop_at_once(experiment: Experiment, role: str, how: str) -> None:
    """W4: SIGQUIT, or SIGTERM twice: it ends, and its work is done by the next one."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    workers = {"execute": cluster.start_worker("execute", "e"), "generate": cluster.start_worker("generate", "g", 8)}
    experiment.slow_down(0.2)
    submit = experiment.start(seconds=20, generate_slots=8)
    nemesis.when(lambda: executing(experiment) and cluster.server.in_flight > 0, "both workers have work")
    if how == "quit":
        nemesis.signal(workers[role], signal.SIGQUIT)
    else:
        nemesis.signal(workers[role], signal.SIGTERM)
        nemesis.wait(0.3)
        nemesis.signal(workers[role], signal.SIGTERM)
    workers[role].wait(100)
    cluster.tend()
    experiment.finish(submit)


def test_w5_a_stopped_worker_comes_back(experiment: Experiment) -> None:
    """W5: its work was sent to another one past the visibility timeout; what it says late is a dropped duplicate."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    zombie = cluster.worker("execute", "zombie")
    cluster.start_worker("generate", "g", slots=8)
    experiment.slow_down(0.5)
    submit = experiment.start(seconds=160, generate_slots=8)
    nemesis.when(lambda: executing(experiment), "the zombie has work")
    stopped = [zombie.process.pid, *pool_of(zombie)]
    nemesis.note(f"SIGSTOP to the worker and its pool {stopped}")
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    cluster.start_worker("execute", "heir")
    nemesis.wait(130)  # farm.queue.celery_app.VISIBILITY_S is 120
    nemesis.note("SIGCONT")
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    history = experiment.finish(submit)
    assert history.duplicated >= 1, f"the zombie said nothing: {history}"


def test_w6_all_workers_are_gone_for_a_minute(experiment: Experiment) -> None:
    """W6: the coordinator waits and names the missing workers; only started jobs cost an attempt."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    cluster.start_worker("execute", "e")
    cluster.start_worker("generate", "g", slots=4)
    experiment.slow_down(0.3)
    submit = experiment.start(seconds=10)
    nemesis.when(lambda: cluster.judged() > 3, "work goes on")
    for worker in list(cluster.workers.values()):
        nemesis.kill(worker)
    submit.says("worker is connected")
    nemesis.wait(60)
    failed = sum(map(len, history_of(cluster).failures.values()))
    assert failed <= 4 + 2, f"{failed} attempts were used up by five slots"
    cluster.tend()
    experiment.finish(submit)


def test_w8_killed_between_the_verdict_and_its_answer(experiment: Experiment) -> None:
    """W8: the program is executed again, with the same verdict."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    victims: list[int] = []
    kills = 0

    def deadly(command: list[bytes]) -> list[bytes]:
        nonlocal kills
        if command[0] == b"XADD" and kills < 3:
            kills += 1
            nemesis.note(f"kill -9 of the pool {victims} that is about to answer")
            for pid in victims:
                os.kill(pid, signal.SIGKILL)
            raise ConnectionResetError
        return command

    with TcpProxy(cluster.redis.port, rewrite=deadly) as proxy:
        cluster.urls["execute"] = proxy.url
        worker = cluster.worker("execute", "e", slots=1)

        def pool() -> list[int]:
            victims[:] = pool_of(worker)
            return victims

        cluster.start_worker("generate", "g", slots=8)
        submit = experiment.start(seconds=5, generate_slots=8)
        wait_until(lambda: bool(pool()) and kills >= 3, "three answers die", timeout_s=200)
        history = experiment.finish(submit)
        cluster.stop()
    assert len(history.failures) >= 1


def test_w9_killed_under_an_endless_program(experiment: Experiment) -> None:
    """W9: the program is gone within a minute; I9 while it runs."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    pill = SampleKey(cluster.problems[0], 0)
    seed = sample_seed(cluster.model.seed, pill.problem_id, pill.index)
    honest = cluster.model.answer
    endless = "```python\nwhile True: pass\n```"
    cluster.server.answer = gated(
        lambda prompt, asked: endless if asked == seed else honest(prompt, asked), lambda: None
    )
    worker = cluster.start_worker("execute", "one", slots=1)
    cluster.start_worker("generate", "g", slots=8)
    submit = experiment.start(seconds=0)
    client = cluster.redis.client()
    nemesis.when(lambda: client.hexists("farm:run:run-1:claims", f"execute/{pill}"), "the endless program is claimed")
    zygote = wait_until(lambda: next((z for z in zygotes_of(worker) if descendants(z)), 0), "it runs")
    isolated(zygote)
    below = [zygote, *descendants(zygote)]
    nemesis.kill(worker)
    wait_until(lambda: not any(map(alive, below)), "the program ends with its worker", timeout_s=60)
    cluster.tend()
    assert ended(submit, 300) == 0
    history = history_of(cluster)
    assert not history.lost and not history.unexpected and history.verdicts[pill] == ["TIME_LIMIT"]
