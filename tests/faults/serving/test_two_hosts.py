"""Generate workers on separate hosts: together they keep a server's limit, also when one is killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cluster.serving import ServingFarm, serving_farm
from tests.support.network.namespaces import Network, emulated_hosts
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.fault, pytest.mark.timeout(400)]
LIMIT = 6


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with emulated_hosts(2) as made:
        yield made


@pytest.fixture
def farm(network: Network, tmp_path: Path) -> Iterator[ServingFarm]:
    arguments = ("--bind", "127.0.0.1", network.address, "--protected-mode", "no")
    with serving_farm(tmp_path / "farm", *arguments, generate_slots=0) as made:
        yield made


def test_two_hosts_never_exceed_the_limit_also_when_one_is_killed(farm: ServingFarm, network: Network) -> None:
    broker = f"redis://{network.address}:{farm.redis.port}/0"
    # Each alone would be enough to fill the server three times over.
    workers = {
        name: farm.worker("generate", name, 18, broker=broker, prefix=host.prefix)
        for host in network.hosts
        if (name := f"on-{host.name}")
    }
    with farm.server(host=network.address, decode_s=0.02) as server:
        farm.slots.set_limit(server.url, LIMIT)
        run = farm.submit(server, n=12)
        wait_until(lambda: len(server.peers - {network.address}) == 2, "both hosts are at work", timeout_s=100)
        wait_until(lambda: run.completed() > 8, "answers come", timeout_s=100)
        server.freeze()
        wait_until(lambda: farm.slots.look([server.url])[0].in_use == LIMIT, "the server is full")
        # One of the workers that have requests out now
        [state] = farm.slots.look([server.url])
        doomed = next(
            w for name, w in workers.items() if any(ticket.worker.startswith(f"{name}@") for ticket in state.ages_s)
        )
        doomed.kill()
        wait_until(lambda: server.running < LIMIT, "the server sees that a host's requests are gone", timeout_s=60)
        server.thaw()
        run.finish()
        assert server.max_in_flight == LIMIT, "the limit was reached, and never exceeded"
        farm.slots.set_limit(server.url, None)
