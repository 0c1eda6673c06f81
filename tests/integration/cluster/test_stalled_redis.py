"""A Redis that does what it is told and answers too late: redis-py sends the command again, and nothing is done twice.

The proxy holds replies back; the client's time-out is short here, 30 s in farm.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
import redis
from redis.exceptions import RedisError

from farm import config
from farm.admission.slots import Slots, Ticket, TicketName
from farm.ids import sha256_hex
from farm.queue import broker
from farm.queue.answer_stream import AnswerStream
from farm.queue.blobs import Blobs
from farm.queue.messages import WIRE_VERSION, ExecuteJob, Failure, TaskMessage
from farm.queue.publisher import RedisPublisher
from farm.queue.quarantine import Quarantine
from farm.queue.redis_keys import Keys
from farm.queue.signing import Signer
from farm.records import SampleKey
from farm.records.phases import Stage
from farm.tasks.context import CLAIM, DROP, TaskContext
from farm.tasks.shutdown import HAND_BACK
from farm.tasks.unacked import UnackedMessages
from tests.support.network.tcp_proxy import TcpProxy
from tests.support.redis_server import real_redis_binary, running_redis
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.timeout(120)]
KEYS, SIGNER, TIMEOUT_S = Keys("farm:"), Signer(b"the secret of this test"), 1.0
PLACE, DIGEST = "execute/p#0", sha256_hex(b"x")
JOB = {
    "schema_version": WIRE_VERSION, "run_id": "run", "problem_id": "p", "index": 0, "attempt": 1, "fence": 2,
    "config": DIGEST, "program": DIGEST, "suite": DIGEST,
}  # fmt: skip


@dataclass(frozen=True)
class Stalling:
    """A Redis behind a proxy. `plain` is the direct way, `patient` sends again, `once` never does."""

    proxy: TcpProxy
    plain: redis.Redis
    patient: redis.Redis
    once: redis.Redis
    context: TaskContext

    def late(self, call: Callable[[], object], connection: redis.Redis) -> object:
        """What `call` gives when its first reply never comes in time: the client has given up and connected again."""
        wait_until(lambda: answers(connection), "it is connected: the next reply is that of the command")
        before, result = self.proxy.connections, []
        self.proxy.partition("down")

        def run() -> None:
            try:
                result.append(call())
            except RedisError as exc:
                result.append(exc)

        thread = threading.Thread(target=run)
        thread.start()
        wait_until(lambda: self.proxy.connections > before or not thread.is_alive(), "the client gives up waiting")
        self.proxy.heal()
        thread.join(60)
        assert not thread.is_alive()
        return result[0]


def answers(connection: redis.Redis) -> bool:
    """Whether Redis answers in time; on a busy host it may not."""
    try:
        return bool(connection.ping())
    except RedisError:
        return False


@pytest.fixture
def stalling(tmp_path: Path) -> Iterator[Stalling]:
    with running_redis(tmp_path / "r", binary=real_redis_binary()) as server, TcpProxy(server.port) as proxy:
        settings = config.load({"HOME": "/nonexistent", "FARM_BROKER_URL": proxy.url})
        patient = broker.client(settings, retries=20, timeout_s=TIMEOUT_S)
        once = broker.client(settings, retries=0, timeout_s=TIMEOUT_S)
        plain = server.client()
        context = replace(
            TaskContext.make(settings, "mine", SIGNER), connection=patient, blobs=Blobs(patient, KEYS, SIGNER),
            answers=AnswerStream(patient, KEYS, SIGNER), quarantine=Quarantine(once, KEYS),
            claim_script=patient.register_script(CLAIM), drop_script=patient.register_script(DROP),
        )  # fmt: skip
        plain.set(KEYS.state("run"), "2")
        plain.hset(KEYS.outstanding("run"), PLACE, 1)
        yield Stalling(proxy, plain, patient, once, context)
        for each in (plain, patient, once):
            each.close()


def test_a_claim_counts_one_start(stalling: Stalling) -> None:
    stalling.context.take(ExecuteJob, JOB)  # the script is known to Redis
    for number in (2, 3):
        assert stalling.late(lambda: stalling.context.take(ExecuteJob, JOB), stalling.patient) is not None
        [stored] = cast(list[bytes], stalling.plain.hvals(KEYS.starts("run")))
        assert stored.split(b"/")[:2] == [b"1", str(number).encode()]
    assert stalling.plain.hgetall(KEYS.claims("run")) == {PLACE.encode(): b"1/mine"}
    job = ExecuteJob.model_validate(JOB)
    stalling.late(lambda: stalling.context.drop(job), stalling.patient)
    assert not stalling.plain.exists(KEYS.claims("run"))


def test_an_answer_may_be_there_twice_and_is_the_same(stalling: Stalling) -> None:
    failure = Failure(stage=Stage.EXECUTE, problem_id="p", attempt=1, kind="K", reason="r")
    stalling.late(lambda: stalling.context.answers.failure("run", 2, failure), stalling.patient)
    entries = stalling.context.answers.read("run", b"0", block_ms=10, count=10)
    assert len(entries) == 2, "the command was not sent again: this test shows nothing"
    assert {cast(Any, stalling.context.answers.open("run", fields)) for _, fields in entries} == {failure}
    ids = [entry_id for entry_id, _ in entries]
    done = [(Stage.EXECUTE, SampleKey("p", 0))]
    stalling.late(lambda: stalling.context.answers.remove("run", ids, done), stalling.patient)
    assert not stalling.plain.xlen(KEYS.answers("run")) and not stalling.plain.exists(KEYS.outstanding("run"))


def test_blobs_and_what_is_outstanding(stalling: Stalling) -> None:
    blobs, digest = stalling.context.blobs, sha256_hex(b"text")
    stalling.late(lambda: blobs.put("run", [(digest, b"text")]), stalling.patient)
    assert Blobs(stalling.plain, KEYS, SIGNER).get("run", digest) == b"text"
    stalling.late(lambda: blobs.note_outstanding("run", {PLACE: 1, "execute/q#0": 2}), stalling.patient)
    assert stalling.plain.hlen(KEYS.outstanding("run")) == 2
    stalling.late(lambda: blobs.drop("run", [digest]), stalling.patient)
    assert not stalling.plain.exists(KEYS.blob("run", digest))


def test_a_message_is_never_published_twice(stalling: Stalling) -> None:
    publisher = RedisPublisher(stalling.once, KEYS)
    message = TaskMessage("farm.execute", "id", JOB, "shown")
    found = stalling.late(lambda: publisher.send("execute", [message]), stalling.once)
    assert isinstance(found, RedisError), "the coordinator must look for it"
    assert stalling.plain.llen(KEYS.queue("execute")) == 1
    wait_until(lambda: answers(stalling.once), "the connection works again")


def test_a_refused_message_is_counted_once(stalling: Stalling) -> None:
    stalling.late(lambda: stalling.context.quarantine.refuse("junk"), stalling.once)
    assert Quarantine(stalling.plain, KEYS).refused() == 1 and stalling.plain.llen(KEYS.quarantine) == 1


def test_the_records_of_unacknowledged_messages(stalling: Stalling) -> None:
    unacked = UnackedMessages(stalling.patient, KEYS, "execute")
    unacked._received.extend([("one", "message"), ("two", "message")])
    stalling.late(unacked.flush, stalling.patient)
    messages, since = KEYS.unacked("execute")
    assert stalling.plain.hlen(messages) == stalling.plain.zcard(since) == 2
    unacked.acknowledge_later("one")
    stalling.late(unacked.flush, stalling.patient)
    assert stalling.plain.hkeys(messages) == stalling.plain.zrange(since, 0, -1) == [b"two"]


def test_a_message_is_handed_back_once(stalling: Stalling) -> None:
    messages, since = KEYS.unacked("generate")
    stalling.plain.hset(messages, "tag", "stored")
    stalling.plain.zadd(since, {"tag": 1})
    script = stalling.patient.register_script(HAND_BACK)
    names = [messages, since, KEYS.queue("generate.m"), KEYS.claims("run"), KEYS.starts("run")]
    script(keys=names, args=["unknown", PLACE, "message"])  # the script is known to Redis
    stalling.late(lambda: script(keys=names, args=["tag", PLACE, "message"]), stalling.patient)
    assert stalling.plain.lrange(KEYS.queue("generate.m"), 0, -1) == [b"message"]
    assert not stalling.plain.exists(messages, since)


def test_a_slot_is_granted_once(stalling: Stalling) -> None:
    slots, url = Slots(stalling.patient, KEYS), "http://model:8000"
    tickets = [Ticket(TicketName("run", number, "w", "p#0"), (url,), 2) for number in range(3)]
    epoch, _ = slots.exchange("w", "")  # the script is known to Redis
    found = cast(
        tuple[str, dict[TicketName, str]],
        stalling.late(lambda: slots.exchange("w", epoch, waiting=tickets), stalling.patient),
    )
    [state] = Slots(stalling.plain, KEYS).look([url])
    assert (state.in_use, state.waiting, len(found[1])) == (2, 1, 2)
    stalling.late(lambda: slots.exchange("w", epoch, ended=tickets), stalling.patient)
    [state] = Slots(stalling.plain, KEYS).look([url])
    assert (state.in_use, state.waiting) == (0, 0)
