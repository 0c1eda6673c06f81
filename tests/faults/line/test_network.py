"""R of `make faults` that happen between the processes: partitions, silence, delay, loss, on real TCP."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.line.experiment import Experiment
from tests.support.experiments.scale import TIMEOUT_S, only_in_full
from tests.support.network.tcp_proxy import Rewrite, TcpProxy

pytestmark = [pytest.mark.redis, pytest.mark.fault, pytest.mark.timeout(TIMEOUT_S), only_in_full]

QUEUES = (b"farm:execute", b"farm:generate.")
ALL = ("coordinator", "execute", "generate")
WORKERS = ("execute", "generate")


@contextmanager
def between(experiment: Experiment, *roles: str, rewrite: Rewrite | None = None) -> Iterator[TcpProxy]:
    """A proxy between these roles and Redis. What goes through it is stopped before it ends."""
    cluster = experiment.cluster
    with TcpProxy(cluster.redis.port, rewrite=rewrite, seed=experiment.nemesis.seed) as proxy:
        cluster.urls.update(dict.fromkeys(roles, proxy.url))
        try:
            yield proxy
        finally:
            proxy.heal()
            cluster.stop()


def workers(experiment: Experiment, slots: int = 2) -> None:
    """One of each role, present."""
    cluster = experiment.cluster
    cluster.joined(cluster.start_worker("execute", "e", slots), cluster.start_worker("generate", "g", 8))


@pytest.mark.parametrize("seconds", [5, 300])
def test_r7_workers_lose_sight_of_redis(experiment: Experiment, seconds: int) -> None:
    """R7: after a while their work is sent again, but no other worker is there; then they continue."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    with between(experiment, *WORKERS) as proxy:
        workers(experiment)
        submit = experiment.start(seconds=20, generate_slots=8)
        nemesis.when(lambda: cluster.judged() >= 5, "work goes on")
        recorded = cluster.completed()
        nemesis.note(f"partition for {seconds} s")
        proxy.partition()
        nemesis.wait(seconds)
        proxy.heal()
        nemesis.note("healed")
        history = experiment.finish(submit)
    assert {history.requests[key] for key in recorded} == {1}


@pytest.mark.parametrize("seconds", [5, 150])
def test_r8_the_coordinator_loses_sight_of_redis(experiment: Experiment, seconds: int) -> None:
    """R8: it waits for two minutes, then pauses the run; what workers answered meanwhile is not asked for again."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    with between(experiment, "coordinator") as proxy:
        workers(experiment)
        submit = experiment.start(seconds=20, generate_slots=8)
        nemesis.when(lambda: cluster.judged() >= 5, "work goes on")
        nemesis.note(f"partition for {seconds} s")
        proxy.partition()
        nemesis.wait(seconds)
        proxy.heal()
        nemesis.note("healed")
        history = experiment.finish(submit)
    assert set(history.requests.values()) == {1}, "an answer that lay in the stream was asked for again"


def test_r9_requests_arrive_and_replies_are_lost(experiment: Experiment) -> None:
    """R9: what was done and not confirmed is done again or counted."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    with between(experiment, *ALL) as proxy:
        workers(experiment)
        submit = experiment.start(seconds=20, generate_slots=8)
        for _ in range(3):
            judged = cluster.judged()
            nemesis.when(lambda seen=judged: cluster.judged() > seen + 3, "work goes on", timeout_s=300)  # type: ignore[misc]
            nemesis.note("replies are held for 8 s, then all connections are reset")
            proxy.partition("down")
            nemesis.wait(8)
            proxy.cut()
            proxy.heal()
        experiment.finish(submit)


@pytest.mark.parametrize("role", ALL)
def test_r10_a_silent_connection_is_given_up(experiment: Experiment, role: str) -> None:
    """R10: half-open TCP, no reset ever comes: a new connection within two minutes."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    with between(experiment, role) as proxy:
        workers(experiment)
        submit = experiment.start(seconds=20, generate_slots=8)
        nemesis.when(lambda: cluster.judged() >= 5, "work goes on")
        nemesis.note("all connections are dead from now on; new ones work after 5 s")
        proxy.black_hole()
        nemesis.wait(5)
        proxy.heal()
        experiment.finish(submit, bound_s=240)


def test_r11_every_packet_is_late(experiment: Experiment) -> None:
    """R11: a second or two each way between workers and Redis."""
    with between(experiment, *WORKERS) as proxy:
        workers(experiment, slots=8)
        proxy.delay_s, proxy.jitter_s = 1.0, 1.0
        submit = experiment.start(seconds=5, generate_slots=8)
        experiment.finish(submit, bound_s=900)


def test_r12_packets_of_one_byte(experiment: Experiment) -> None:
    """R12: no reader relies on how much arrives at a time."""
    with between(experiment, *ALL) as proxy:
        proxy.slice = 1
        workers(experiment)
        submit = experiment.start(seconds=5, generate_slots=8)
        experiment.finish(submit, bound_s=900)


def test_r16_messages_are_late_and_out_of_order(experiment: Experiment) -> None:
    """R16: each one waits up to 30 s, on its own."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    direct = cluster.redis.client()
    timers: list[threading.Timer] = []

    def later(command: list[bytes]) -> list[bytes]:
        if command[0] != b"LPUSH" or not command[1].startswith(QUEUES):
            return command
        timers.append(threading.Timer(nemesis.rng.uniform(0, 30), direct.lpush, (command[1], command[2])))
        timers[-1].start()
        return [b"LPUSH", b"test:held", command[2]]

    with between(experiment, "coordinator", rewrite=later):
        workers(experiment)
        submit = experiment.start(seconds=5, generate_slots=8)
        experiment.finish(submit, bound_s=600)
        for timer in timers:
            timer.cancel()
    assert len(timers) >= 2 * len(cluster.plan())


def test_r17_one_push_in_five_is_lost(experiment: Experiment) -> None:
    """R17: the coordinator finds out by itself."""
    cluster, nemesis = experiment.cluster, experiment.nemesis

    def lossy(command: list[bytes]) -> list[bytes]:
        if command[0] == b"LPUSH" and command[1].startswith(QUEUES) and nemesis.rng.random() < 0.2:
            return [b"LPUSH", b"test:lost", *command[2:]]
        return command

    with between(experiment, "coordinator", rewrite=lossy):
        workers(experiment)
        submit = experiment.start(seconds=5, generate_slots=8)
        history = experiment.finish(submit)
    lost = cluster.redis.client().llen("test:lost")
    assert history.counters.get("resends", 0) >= lost >= 5, f"{lost} messages were lost; {history}"


@pytest.mark.parametrize("role", WORKERS)
def test_r18_answers_cannot_be_written_for_a_while(experiment: Experiment, role: str) -> None:
    """R18: the work is done and its answer refused for 20 s; no device time is lost, nothing hangs."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    until = 0.0
    refused = 0

    def refuse(command: list[bytes]) -> list[bytes]:
        nonlocal refused
        if command[0] == b"XADD" and time.monotonic() < until:
            refused += 1
            return [b"XADD"]  # an error, which ends the transaction that it is part of
        return command

    with between(experiment, role, rewrite=refuse):
        workers(experiment)
        submit = experiment.start(seconds=10, generate_slots=8)
        nemesis.when(lambda: cluster.judged() >= 5, "work goes on")
        nemesis.note("answers are refused for 20 s")
        until = time.monotonic() + 20
        history = experiment.finish(submit, bound_s=200)
    assert refused > 0
    assert set(history.requests.values()) == {1}, "a completion that could not be written was thrown away"
