"""Blobs, answers and claims in a real server."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator
from typing import Any, cast

import pytest
import redis
import zstandard

from farm import config
from farm.errors import DigestMismatch, MessageRejected
from farm.ids import sha256_hex
from farm.queue.answer_stream import AnswerStream, ScoreArrived, decode
from farm.queue.blobs import FIRST_BYTES, Blobs
from farm.queue.messages import MAX_BATCH, ExecuteBatch, ExecuteJob, Failure, Returned, ScoreAnswer, ScoreJob, parse
from farm.queue.redis_keys import Keys
from farm.queue.signing import HEAD_BYTES, MAC_BYTES, Signer
from farm.records import Completion, GenerateTelemetry, Prompt, SampleKey, StoredCompletion, Suite, TestCase
from farm.records.phases import Stage
from farm.tasks.context import MAX_STARTS, TaskContext
from farm.text import encode
from tests.support.redis_server import RedisServer, running_redis

KEYS = Keys("farm:")
SIGNER = Signer(b"a secret of this test")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def connection(server: RedisServer) -> Iterator[redis.Redis]:
    client = server.client()
    client.flushall()
    yield client
    leaked = [key for key in client.scan_iter() if client.ttl(key) < 0]
    client.close()
    assert leaked == [], "keys without a TTL"


def stored(run_id: str, digest: str, packed: bytes, data_bytes: int, signer: Signer = SIGNER) -> bytes:
    """A blob as it stands in Redis."""
    return signer.blob_head(run_id, digest, len(packed), data_bytes) + packed


def test_a_blob_comes_back_and_others_are_missing(connection: redis.Redis) -> None:
    blobs, data = Blobs(connection, KEYS, SIGNER), b"x" * 100_000
    digest, absent = sha256_hex(data), sha256_hex(b"absent")
    blobs.put("r", [(digest, data)])
    assert Blobs(connection, KEYS, SIGNER).get("r", digest) == data
    assert blobs.missing("r", [digest, absent]) == {absent}


def test_a_blob_that_is_gone_or_altered_is_named(connection: redis.Redis) -> None:
    digest = sha256_hex(b"data")
    with pytest.raises(DigestMismatch, match="not in Redis"):
        Blobs(connection, KEYS, SIGNER).get("r", digest)
    Blobs(connection, KEYS, SIGNER).put("r", [(digest, b"other")])
    with pytest.raises(DigestMismatch, match="another digest"):
        Blobs(connection, KEYS, SIGNER).get("r", digest)
    connection.set(KEYS.blob("r", digest), stored("r", digest, b"no zstd", 4), ex=60)
    with pytest.raises(DigestMismatch, match="unpacked"):
        Blobs(connection, KEYS, SIGNER).get("r", digest)
    connection.set(KEYS.blob("r", digest), stored("r", digest, zstandard.compress(b"data")[:-1], 4), ex=60)
    with pytest.raises(DigestMismatch, match="unpacked"):
        Blobs(connection, KEYS, SIGNER).get("r", digest)
    connection.set(KEYS.blob("r", digest), stored("r", digest, zstandard.compress(b"data"), 4)[:-1], ex=60)
    with pytest.raises(DigestMismatch, match="cut off"):
        Blobs(connection, KEYS, SIGNER).get("r", digest)


def test_a_blob_of_another_writer_is_refused_before_it_is_unpacked(connection: redis.Redis) -> None:
    digest = sha256_hex(b"data")
    bomb = zstandard.compress(bytes(1 << 28))
    assert len(bomb) < 1 << 20
    packed = zstandard.compress(b"data")
    mine = stored("r", digest, packed, 4)
    forged = (
        bomb,
        stored("r", digest, bomb, 1 << 28, Signer(b"another secret")),
        mine[:MAC_BYTES] + bomb,
        len(bomb).to_bytes(8, "big") + mine[8:HEAD_BYTES] + bomb,
        stored("another run", digest, bomb, 1 << 28),
        stored("r", sha256_hex(b"other"), bomb, 1 << 28),
        b"\0",
    )
    tracemalloc.start()
    try:
        for value in forged:
            connection.set(KEYS.blob("r", digest), value, ex=60)
            blobs = Blobs(connection, KEYS, SIGNER)
            blobs.keep("r", digest, value)
            with pytest.raises(DigestMismatch, match="wrong signature"):
                blobs.get("r", digest)
        connection.set(KEYS.blob("r", digest), mine[:HEAD_BYTES] + bomb, ex=60)
        with pytest.raises(DigestMismatch, match="another size"):
            Blobs(connection, KEYS, SIGNER).get("r", digest)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
    connection.set(KEYS.blob("r", digest), mine, ex=60)
    assert Blobs(connection, KEYS, SIGNER).get("r", digest) == b"data"


def test_of_a_huge_blob_no_more_is_read_than_was_signed(connection: redis.Redis) -> None:
    """64 MB of a writer without the secret, and 64 MB behind a value of ours: the piece that is read tells."""
    digest = sha256_hex(b"data")
    mine = stored("r", digest, zstandard.compress(b"data"), 4)
    for value in (bytes(64 << 20), mine + bytes(64 << 20)):
        connection.set(KEYS.blob("r", digest), value, ex=60)
        tracemalloc.start()
        try:
            if value.startswith(mine):
                assert Blobs(connection, KEYS, SIGNER).get("r", digest) == b"data"
            else:
                with pytest.raises(DigestMismatch, match="wrong signature"):
                    Blobs(connection, KEYS, SIGNER).get("r", digest)
            assert tracemalloc.get_traced_memory()[1] < 2 << 20
        finally:
            tracemalloc.stop()


def test_a_large_blob_comes_in_pieces(connection: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farm.queue.blobs.PIECE_BYTES", 100_000)
    data = random.Random(1).randbytes(300_000)
    blobs = Blobs(connection, KEYS, SIGNER)
    blobs.put("r", [(sha256_hex(data), data)])
    first = connection.getrange(KEYS.blob("r", sha256_hex(data)), 0, FIRST_BYTES - 1)
    blobs.keep("r", sha256_hex(data), cast(bytes, first))  # what a claim brings along is only its beginning
    assert blobs.get("r", sha256_hex(data)) == data


def test_a_key_of_another_type_is_no_blob_and_stops_no_claim(connection: redis.Redis) -> None:
    digest = sha256_hex(b"data")
    connection.rpush(KEYS.blob("r", digest), "x")
    connection.expire(KEYS.blob("r", digest), 60)
    with pytest.raises(DigestMismatch, match="another client wrote there"):
        Blobs(connection, KEYS, SIGNER).get("r", digest)


def test_a_scored_answer_takes_no_more_than_its_record_says(connection: redis.Redis) -> None:
    answers = AnswerStream(connection, KEYS, SIGNER)
    job = ScoreJob(run_id="run", attempt=1, fence=1, config="0" * 64, answers="1" * 64, environment="EVALS")
    answers.scored(job, b"files", "w")
    [(_, fields)] = answers.read("run", b"0", block_ms=10, count=10)
    said = ScoreAnswer(
        config=job.config, answers=job.answers, text_bytes=5, text_sha256=sha256_hex(b"files"), worker="w"
    )
    assert answers.open("run", fields) == ScoreArrived(said, b"files")
    with pytest.raises(MessageRejected, match="over 5 bytes"):
        answers.open("run", {**fields, b"text": zstandard.compress(bytes(1 << 29))})


def test_the_cache_stays_within_its_budget(connection: redis.Redis) -> None:
    blobs = Blobs(connection, KEYS, SIGNER, cache_bytes=100_000)
    values = [bytes([n]) * 30_000 for n in range(10)]
    blobs.put("r", [(sha256_hex(v), v) for v in values])
    for value in values:
        assert blobs.get("r", sha256_hex(value)) == value
    assert sum(map(len, blobs._cache.values())) <= 100_000


def test_a_record_is_read_once_and_few_are_kept(connection: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = Blobs(connection, KEYS, SIGNER, cache_bytes=0)  # so bytes are not kept
    suites = [Suite(func_name=None, tests=(TestCase(input="x" * 1000, output=str(n)),)).to_json() for n in range(3)]
    blobs.put("r", [(sha256_hex(suite), suite) for suite in suites])
    monkeypatch.setattr("farm.queue.blobs.RECORD_BYTES", 2 * len(suites[0]))
    first = blobs.record(Suite, "r", sha256_hex(suites[0]))
    assert first.to_json() == suites[0]
    connection.delete(KEYS.blob("r", sha256_hex(suites[0])))
    assert blobs.record(Suite, "r", sha256_hex(suites[0])) is first
    assert [blobs.record(Suite, "r", sha256_hex(suite)).to_json() for suite in suites[1:]] == suites[1:]
    with pytest.raises(DigestMismatch):
        blobs.record(Suite, "r", sha256_hex(suites[0]))  # made room for the others
    with pytest.raises(MessageRejected):
        blobs.record(Prompt, "r", sha256_hex(suites[2]))


def test_what_a_claim_brings_along_is_believed_only_if_its_digest_is_right(connection: redis.Redis) -> None:
    source = Blobs(connection, KEYS, SIGNER)
    source.put("r", [(sha256_hex(b"data"), b"data"), (sha256_hex(b"other"), b"other")])
    read: Any = {data: connection.get(KEYS.blob("r", sha256_hex(data))) for data in (b"data", b"other")}
    blobs = Blobs(connection, KEYS, SIGNER)
    blobs.keep("r", sha256_hex(b"data"), read[b"other"])
    blobs.keep("r", sha256_hex(b"other"), read[b"other"])
    connection.delete(KEYS.blob("r", sha256_hex(b"data")), KEYS.blob("r", sha256_hex(b"other")))
    assert blobs.get("r", sha256_hex(b"other")) == b"other"
    with pytest.raises(DigestMismatch):
        blobs.get("r", sha256_hex(b"data"))


@pytest.mark.parametrize("text", ["", "print(1)", "lone \udfff", "nul \x00"])
def test_a_completion_with_any_text_arrives(connection: redis.Redis, text: str) -> None:
    data = encode(text)
    completion = Completion(problem_id="p", index=1, text_sha256=sha256_hex(data), reasoning_sha256=sha256_hex(b"why"))
    answers = AnswerStream(connection, KEYS, SIGNER)
    stored = StoredCompletion(completion, GenerateTelemetry(latency_s=1.5), data, b"why")
    answers.completion("r", 1, stored)
    [(entry_id, fields)] = answers.read("r", b"0", block_ms=10, count=10)
    assert decode(fields) == stored
    for name in KEYS.claims("r"), KEYS.outstanding("r"):
        connection.hset(name, mapping={"generate/p#1": "1", "generate/p#2": "1"})
        connection.expire(name, 60)
    answers.remove("r", [entry_id], [(Stage.GENERATE, SampleKey("p", 1))])
    assert (
        list(connection.hgetall(KEYS.claims("r")))
        == list(connection.hgetall(KEYS.outstanding("r")))
        == [b"generate/p#2"]
    )
    assert answers.read("r", b"0", block_ms=10, count=10) == []


def test_a_failure_arrives(connection: redis.Redis) -> None:
    failure = Failure(problem_id="p", index=0, stage=Stage.EXECUTE, attempt=2, kind="worker_lost", reason="lost")
    AnswerStream(connection, KEYS, SIGNER).failure("r", 1, failure)
    [(_, fields)] = AnswerStream(connection, KEYS, SIGNER).read("r", b"0", block_ms=10, count=10)
    assert decode(fields) == failure and failure.key == SampleKey("p", 0)


@pytest.mark.parametrize(
    "fields",
    [{}, {b"kind": b"result"}, {b"kind": b"x", b"record": b"{}"}, {b"kind": b"completion", b"record": b"{}"}],
)
def test_a_forged_entry_is_refused(fields: dict[bytes, bytes]) -> None:
    with pytest.raises(MessageRejected):
        decode(fields)


def test_a_text_that_is_not_what_the_record_names_is_refused(connection: redis.Redis) -> None:
    completion = Completion(problem_id="p", index=1, text_sha256=sha256_hex(b"a"))
    AnswerStream(connection, KEYS, SIGNER).completion("r", 1, StoredCompletion(completion, GenerateTelemetry(), b"b"))
    [(_, fields)] = AnswerStream(connection, KEYS, SIGNER).read("r", b"0", block_ms=10, count=10)
    with pytest.raises(MessageRejected, match="not what its record names"):
        decode(fields)


def job(**changes: object) -> dict[str, object]:
    digest = sha256_hex(b"x")
    known: dict[str, object] = {
        "schema_version": 2, "run_id": "run", "problem_id": "p", "index": 0, "attempt": 1, "fence": 2,
        "config": digest, "program": digest, "suite": digest,
    }  # fmt: skip
    return {**known, **changes}


def test_a_message_is_work_only_while_that_attempt_is_wanted(connection: redis.Redis, server: RedisServer) -> None:
    settings = config.load({"HOME": "/nonexistent", "FARM_BROKER_URL": server.url})
    mine, other = TaskContext.make(settings, "mine", SIGNER), TaskContext.make(settings, "other", SIGNER)
    assert mine.take(ExecuteJob, job()) is None, "no run wants it"
    connection.set(KEYS.state("run"), "2", ex=60)
    assert mine.take(ExecuteJob, job()) is None, "it was answered already"
    mine.blobs.note_outstanding("run", {"execute/p#0": 1})
    assert mine.take(ExecuteJob, job()) is not None
    for stale in job(fence=1), job(attempt=2), job(index=1):
        assert other.take(ExecuteJob, stale) is None
    assert connection.hgetall(KEYS.claims("run")) == {b"execute/p#0": b"1/mine"}, "a stale message touched a claim"


def test_an_attempt_that_is_begun_again_and_again_is_answered_for(connection: redis.Redis, server: RedisServer) -> None:
    settings = config.load({"HOME": "/nonexistent", "FARM_BROKER_URL": server.url})
    context = TaskContext.make(settings, "mine", SIGNER)
    connection.set(KEYS.state("run"), "2", ex=60)
    context.blobs.note_outstanding("run", {"execute/p#0": 1})
    for _ in range(MAX_STARTS):
        assert context.take(ExecuteJob, job()) is not None
    assert context.take(ExecuteJob, job()) is None
    [(entry_id, fields)] = context.answers.read("run", b"0", block_ms=10, count=10)
    answer = context.answers.open("run", fields)
    assert isinstance(answer, Failure) and "poison" in answer.reason and answer.attempt == 1
    context.blobs.note_outstanding("run", {"execute/p#0": 2})
    assert context.take(ExecuteJob, job(attempt=2)) is not None, "the next attempt starts again from 1"
    context.answers.remove("run", [entry_id], [(Stage.EXECUTE, SampleKey("p", 0))])
    assert not connection.exists(KEYS.starts("run"))


def batch(*jobs: dict[str, object]) -> dict[str, object]:
    return ExecuteBatch.of([parse(ExecuteJob, one) for one in jobs]).model_dump(mode="json")


def test_a_batch_is_claimed_at_once_and_only_what_is_wanted_of_it(connection: redis.Redis, server: RedisServer) -> None:
    settings = config.load({"HOME": "/nonexistent", "FARM_BROKER_URL": server.url})
    context = TaskContext.make(settings, "mine", SIGNER)
    message = batch(job(), job(index=1), job(index=2, attempt=2))
    assert context.take_batch(message) == [], "no run wants it"
    connection.set(KEYS.state("run"), "2", ex=60)
    context.blobs.put("run", [(sha256_hex(b"x"), b"x")])
    context.blobs.note_outstanding("run", {"execute/p#0": 1, "execute/p#1": 2, "execute/p#2": 2})
    mine = context.take_batch(message)
    assert [(one.key.index, one.attempt) for one in mine] == [(0, 1), (2, 2)]
    assert connection.hgetall(KEYS.claims("run")) == {b"execute/p#0": b"1/mine", b"execute/p#2": b"2/mine"}
    connection.delete(KEYS.blob("run", sha256_hex(b"x")))
    assert context.blobs.get("run", sha256_hex(b"x")) == b"x", "the program was brought along"
    assert context.claimed(mine) == mine
    connection.hdel(KEYS.claims("run"), "execute/p#0")
    assert context.claimed(mine) == mine[1:]


def test_what_was_begun_in_a_batch_goes_back_to_be_sent_alone(connection: redis.Redis, server: RedisServer) -> None:
    settings = config.load({"HOME": "/nonexistent", "FARM_BROKER_URL": server.url})
    context = TaskContext.make(settings, "mine", SIGNER)
    connection.set(KEYS.state("run"), "2", ex=60)
    context.blobs.note_outstanding("run", {"execute/p#0": 1, "execute/p#1": 1, "execute/p#2": 1})
    assert len(context.take_batch(batch(job(), job(index=1)))) == 2
    again = context.take_batch(batch(job(), job(index=1), job(index=2)))
    assert [one.key.index for one in again] == [2]
    [(_, fields)] = context.answers.read("run", b"0", block_ms=10, count=10)
    returned = context.answers.open("run", fields)
    assert isinstance(returned, Returned) and returned.alone
    assert [one.key for one in returned.jobs] == [SampleKey("p", 0), SampleKey("p", 1)]
    assert len(context.take_batch(batch(job()))) == 1, "alone it is tried until it is poison"


def commands(connection: redis.Redis) -> int:
    """How many Redis has carried out, but those that ask."""
    return sum(said["calls"] for name, said in connection.info("commandstats").items() if name != "cmdstat_info")


def test_the_commands_of_a_claim_do_not_grow_with_its_batch(connection: redis.Redis, server: RedisServer) -> None:
    settings = config.load({"HOME": "/nonexistent", "FARM_BROKER_URL": server.url})
    context = TaskContext.make(settings, "mine", SIGNER)
    connection.set(KEYS.state("run"), "2", ex=60)
    context.blobs.note_outstanding("run", {f"execute/p#{index}": 1 for index in range(64)})
    assert len(context.take_batch(batch(job()))) == 1  # loads the script
    cost = []
    for first, number in (1, 1), (2, 2), (8, MAX_BATCH):
        before = commands(connection)
        assert len(context.take_batch(batch(*(job(index=first + i) for i in range(number))))) == number
        cost.append(commands(connection) - before)
    assert cost[0] == cost[1] == cost[2]
