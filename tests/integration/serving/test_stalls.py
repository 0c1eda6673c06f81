"""A model server that hangs, as a worker sees it over a real Redis: detected, taken out of rotation, used again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from farm.admission import server_watch as watch
from farm.admission.server_health import ServerFacts, ServerHealth
from farm.admission.slots import ServerState, Slots
from farm.admission.streamed import StreamedTokens
from farm.config import load
from farm.errors import AuthRejected, ServerUnwell
from farm.queue.messages import GenerateConfig
from farm.queue.redis_keys import Keys
from farm.records import DriveOptions, Message, Prompt, Sampling, ServedModel
from farm.tasks.generate import Asked, Servers, ask
from tests.support.experiments.scale import only_in_full
from tests.support.model_server import Fault, ModelServer
from tests.support.redis_server import RedisServer, running_redis
from tests.support.wait import wait_until

KEYS = Keys("farm:")
STALL_S = 2.0  # more than a busy machine lets a healthy server be silent for; less than a test may take
PROMPT = Prompt(messages=(Message(role="user", content="count"),))
LONG = "0123" * 20  # twenty tokens


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


class Worker:
    """What a generate worker is made of, without Celery."""

    def __init__(self, redis: RedisServer, name: str) -> None:
        self._connection = redis.client()
        self.slots = Slots(self._connection, KEYS)
        self.servers = Servers(
            load({"HOME": "/nonexistent"}), self.slots, ServerHealth(self._connection, KEYS),
            StreamedTokens(self._connection, KEYS, f"{name}@host"), f"{name}@host",
        )  # fmt: skip
        self._connection.set(KEYS.worker(f"{name}@host"), "present", ex=600)
        self._pool = ThreadPoolExecutor(16)

    def ask(
        self, *servers: ModelServer, limit: int = 4, deadline_s: float = 100.0, first_token_s: float = 600.0
    ) -> Future[Asked]:
        """One request, on its way."""
        config = GenerateConfig(
            model=ServedModel(name="m", repo="test/model", device="n300", max_concurrency=limit),
            sampling=Sampling(max_tokens=100),
            drive=DriveOptions(
                servers=tuple(server.url for server in servers), deadline_s=deadline_s, stall_s=STALL_S,
                first_token_s=first_token_s,
            ),
        )  # fmt: skip
        return self._pool.submit(ask, self.servers, config, PROMPT, 1, run_id="run", sample="p#1", wanted=lambda: True)

    def state(self, server: ModelServer) -> ServerState:
        return self.slots.look([server.url])[0]

    def close(self) -> None:
        self.servers.stop()
        self._pool.shutdown()
        self.servers.admission.close()


@pytest.fixture
def worker(redis: RedisServer) -> Iterator[Worker]:
    redis.client().flushall()
    made = Worker(redis, "one")
    yield made
    made.close()


def serving(decode_s: float = 0.1, **options: object) -> ModelServer:
    return ModelServer(answer=lambda prompt, seed: LONG, decode_s=decode_s, **options)  # type: ignore[arg-type]


def texts(*futures: Future[Asked]) -> list[str]:
    return [future.result(100).answer.text for future in futures]


def test_a_hang_is_noticed_nothing_new_is_sent_nothing_is_broken_off_and_it_goes_on(worker: Worker) -> None:
    with serving() as server:
        asked = [worker.ask(server) for _ in range(5)]
        wait_until(lambda: server.generated_tokens > 8, "tokens come")
        server.freeze()
        wait_until(lambda: worker.state(server).sick, "the server is stalled")
        assert "on any of its 4 requests" in worker.state(server).sick
        assert (server.requests, server.aborted) == (4, 0)
        server.thaw()
        assert texts(*asked) == [LONG] * 5
        assert (server.requests, server.aborted, worker.state(server).sick) == (5, 0, "")


def test_a_server_that_gives_no_first_token_has_its_own_time_for_it(worker: Worker) -> None:
    with serving() as server:
        server.freeze()
        asked = worker.ask(server, first_token_s=1.0)  # by default such a server may warm up for ten minutes
        wait_until(lambda: worker.state(server).sick, "the server is stalled")
        assert server.generated_tokens == 0
        server.thaw()
        assert texts(asked) == [LONG]


@pytest.mark.fault
@only_in_full
def test_what_hangs_for_long_is_broken_off_one_at_a_time_and_asked_again(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "PACE_S", 0.5)
    with serving() as server:
        asked = [worker.ask(server) for _ in range(3)]
        wait_until(lambda: server.generated_tokens > 3, "tokens come")
        server.freeze()
        seen = []
        for broken_off in range(1, 4):
            wait_until(lambda n=broken_off: server.aborted >= n, f"{broken_off} are broken off")  # type: ignore[misc]
            seen.append(server.aborted)
        assert seen == [1, 2, 3], "several at a time"
        server.thaw()
        assert texts(*asked) == [LONG] * 3
        assert all(future.result().requests == 2 for future in asked)


@pytest.mark.fault
@only_in_full
def test_a_server_without_streams_is_judged_by_its_counters(worker: Worker) -> None:
    with serving(decode_s=0.2, streaming="refused") as server:
        assert texts(worker.ask(server)) == [LONG]  # twice the stall time without a token
        assert server.aborted == 0 and not worker.state(server).sick
        quiet = worker.ask(server)
        wait_until(lambda: server.running == 1, "it is at work")
        server.freeze()
        wait_until(lambda: worker.state(server).sick, "its counters stand still", timeout_s=60)
        server.thaw()
        assert texts(quiet) == [LONG]
        assert server.aborted == 0


@pytest.mark.fault
@only_in_full
def test_one_that_is_silent_among_others_is_broken_off_alone(worker: Worker) -> None:
    with serving(decode_s=0.2, faults=[None, Fault("hang_body")]) as server:
        asked = [worker.ask(server) for _ in range(4)]
        assert texts(*asked) == [LONG] * 4
        assert sorted(future.result().requests for future in asked) == [1, 1, 1, 2]
        assert server.aborted == 0 and not worker.state(server).sick


def test_the_work_of_a_hanging_server_goes_to_the_other_one(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "PACE_S", 0.1)
    with serving() as one, serving() as two:
        asked = [worker.ask(one, two) for _ in range(8)]
        wait_until(lambda: one.generated_tokens and two.generated_tokens, "both are at work")
        one.freeze()
        assert texts(*asked) == [LONG] * 8
        assert worker.state(one).sick and not worker.state(two).sick
        assert {future.result().server for future in asked} == {two.url}


def test_a_server_that_is_down_is_asked_until_it_answers(worker: Worker) -> None:
    with serving() as server:
        asked = [worker.ask(server) for _ in range(4)]
        wait_until(lambda: server.running == 4, "they are at work")
        server.crash()
        wait_until(lambda: worker.state(server).sick, "it is known to be down")
        late = worker.ask(server)
        server.revive()
        assert texts(*asked, late) == [LONG] * 5
        assert late.result().requests == 1, "it waited"


def test_when_nothing_is_well_for_too_long_the_run_pauses(worker: Worker) -> None:
    with serving() as server:
        server.crash()
        with pytest.raises(ServerUnwell, match="no model server has been well"):
            worker.ask(server, deadline_s=3.0).result(100)


def test_a_server_that_was_given_up_long_ago_is_looked_at_again(redis: RedisServer, worker: Worker) -> None:
    with serving(decode_s=0.0) as server:
        ServerHealth(redis.client(), KEYS).mark_sick(server.url, "down", "it was away")
        redis.client().hset(KEYS.server(server.url, "facts"), "sick_at", "1000000000")
        assert texts(worker.ask(server, deadline_s=60.0)) == [LONG]
        assert not worker.state(server).sick


def test_a_server_that_comes_back_with_another_key_says_so(worker: Worker) -> None:
    with serving(token="old") as server:
        server.token = None
        asked = worker.ask(server)
        wait_until(lambda: server.running, "it is at work")
        server.crash()
        server.token = "new"
        server.revive()
        with pytest.raises(AuthRejected):
            asked.result(100)


def test_a_server_is_warm_after_a_token_and_not_after_a_long_pause() -> None:
    def facts(busy_s: float | None, silent_s: float | None) -> ServerFacts:
        return ServerFacts(in_use=1, busy_s=busy_s, silent_s=silent_s, counters=None, sick=None, sick_s=0.0, reason="")

    assert not facts(5.0, None).warm
    assert facts(5000.0, 3.0).warm and facts(5.0, 300.0).warm
    assert not facts(5.0, 3600.0).warm, "it may have been restarted"


def test_a_worker_that_looked_after_a_server_and_died_is_replaced(redis: RedisServer, worker: Worker) -> None:
    health = ServerHealth(redis.client(), KEYS)
    redis.client().set(KEYS.worker("dead@host"), "present", ex=600)
    assert health.elected("http://x", "dead@host") and not health.elected("http://x", "one@host")
    redis.client().delete(KEYS.worker("dead@host"))
    assert health.elected("http://x", "one@host") and not health.elected("http://x", "two@host")
