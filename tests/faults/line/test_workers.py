"""W and P19 of each push: workers and their pool processes are killed, by chance and on purpose."""

from __future__ import annotations

import pytest

from farm.ids import sample_seed
from farm.records import SampleKey
from tests.faults.line.experiment import Experiment
from tests.support.answers import gated
from tests.support.experiments.history import history_of
from tests.support.experiments.invariants import ended
from tests.support.experiments.nemesis import pool_of
from tests.support.experiments.scale import TIMEOUT_S, size

pytestmark = [pytest.mark.redis, pytest.mark.fault, pytest.mark.timeout(max(TIMEOUT_S, 400))]

KILLS = size(10, 4)
POISON = "import time\nwhile time.process_time() < 5: pass\n"


def test_w1_workers_are_killed_at_random_moments(experiment: Experiment) -> None:
    """W1: what they had is done by others; what was recorded is not asked for again."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    for _ in range(2):
        cluster.start_worker("execute", "", slots=1)
    cluster.start_worker("generate", "", slots=4)
    submit = experiment.start(seconds=size(25, 6))
    recorded: dict[SampleKey, int] = {}  # and how often the server had been asked for it then
    nemesis.when(lambda: cluster.judged() > 0, "the first sample is judged")
    for number in range(KILLS):
        victim = nemesis.random_worker(("generate", "execute", "")[min(number, 2)])  # both roles, whatever the seed
        if victim is not None:
            for key in cluster.completed():
                recorded.setdefault(key, history_of(cluster).requests[key])
            nemesis.kill(victim)
        cluster.tend()
        nemesis.wait(nemesis.rng.uniform(0.2, 1.5))
    history = experiment.finish(submit)
    again = [key for key, times in recorded.items() if history.requests[key] > times]
    assert recorded and not again, f"recorded, and generated again: {again}"


def test_w2_a_pool_process_that_is_killed_is_answered_for(experiment: Experiment) -> None:
    """W2: the program that ran in it is judged all the same, at once, and for one attempt."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    worker = cluster.start_worker("execute", "one", slots=2)
    cluster.start_worker("generate", "g", slots=8)
    submit = experiment.start(seconds=2, generate_slots=8)
    kills = 0

    def went_on() -> bool:
        return cluster.judged() > 3 * kills or not submit.running

    while submit.running and kills < size(20, 5):
        nemesis.when(went_on, "it goes on")
        kills += nemesis.kill_one_of(pool_of(worker), "pool process")
    history = experiment.finish(submit)
    assert kills and worker.running
    assert sum(map(len, history.failures.values())) <= kills, "a killed process cost more than the jobs it held"


def test_p19_a_program_that_kills_its_worker_each_time_is_given_up(experiment: Experiment) -> None:
    """P19: three attempts alone, then the sample is unjudged with the reason; all others are judged."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    pill = SampleKey(cluster.problems[3], 1)
    seed = sample_seed(cluster.model.seed, pill.problem_id, pill.index)
    honest = cluster.model.answer

    def answer(prompt: str, asked: int) -> str:
        return f"```python\n{POISON}\n```" if asked == seed else honest(prompt, asked)

    cluster.server.answer = gated(answer, lambda: None)
    worker = cluster.start_worker("execute", "one", slots=1)
    cluster.start_worker("generate", "g", slots=8)
    submit = experiment.start(seconds=0)
    place = f"execute/{pill}"
    claims = cluster.redis.client()

    def claimed() -> bool:
        return claims.hget("farm:run:run-1:claims", place) is not None

    killed: set[int] = set()
    while submit.running:  # the first time it may share a batch: that costs no attempt
        nemesis.when(
            lambda: not submit.running or (claimed() and set(pool_of(worker)) - killed), "another attempt at the pill"
        )
        killed.update(pool_of(worker))
        nemesis.kill_one_of(pool_of(worker), "pool process")
    assert ended(submit, 200) == 3
    history = history_of(cluster)
    assert history.lost == {pill} == set(history.unjudged), f"{history.unjudged}; {history}"
    assert "worker_lost" in history.unjudged[pill] and "attempt 3 of 3" in history.unjudged[pill]
    assert history.report["status"] == "INCOMPLETE" and worker.running
    assert len(history.failures[pill]) == 3
