"""M1 to M17: malformed and hostile messages in the queue of a real worker on a real redis-server.

After each one the worker is the same process, the next job is done, and each refused message was
counted once.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from farm.queue.bounded_replies import REPLY_BYTES
from farm.queue.celery_app import make_app
from farm.queue.envelope import HANDED_BACK
from farm.records import SampleKey, Verdict
from farm.tasks.boot import KINDS
from farm.tasks.guard import Guard
from tests.support.cluster.job_line import RUN, JobLine, job_line
from tests.support.farm_process import FarmProcess
from tests.support.redis_server import real_redis_binary, running_redis
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.fault, pytest.mark.timeout(300)]

FULL = os.environ.get("FARM_FAULTS") == "full"
JUNK = 1_000_000 if FULL else 50_000
Change = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobLine]:
    home = tmp_path_factory.mktemp("line")
    with running_redis(home / "redis", binary=real_redis_binary()) as redis, job_line(redis, home / "home") as line:
        line.worker()
        yield line


@pytest.fixture
def worker(line: JobLine) -> Iterator[FarmProcess]:
    """The one worker; afterwards it must be the same process, and do the next job."""
    [worker] = line.workers
    yield worker
    assert worker.running, f"the worker ended:\n{worker.stderr[-3000:]}"
    parcel = line.parcel()
    line.send(parcel)
    assert line.judged(parcel).verdict is Verdict.PASSED
    wait_until(lambda: not line.redis.client().exists("farm:unacked.execute"), "no message is held back")


def refused_once(line: JobLine, before: int, number: int = 1) -> None:
    wait_until(lambda: line.quarantine.refused() >= before + number, f"{number} messages are refused")
    assert line.quarantine.refused() == before + number, line.notes()


# --- bytes that are no message -----------------------------------------------------------------------

BYTES = {
    "M1 random bytes": bytes(range(128, 256)) * 8,
    "M2 truncated JSON": b'{"body": "W10=", "headers": {"task": "farm.exe',
    "M3 a number": b"42",
    "M3 an empty object": b"{}",
    "M3 null": b"null",
    "a list": b"[[], {}, {}]",
    "a string": b'"shutdown"',
    "nothing": b"",
    "M11 deep": b"[" * 5000 + b"]" * 5000,
    "M11 a long number": b'{"body": ' + b"7" * 5000 + b"}",
}


@pytest.mark.parametrize("raw", list(BYTES.values()), ids=list(BYTES))
def test_bytes_that_are_no_message(line: JobLine, worker: FarmProcess, raw: bytes) -> None:
    before = line.quarantine.refused()
    line.push(raw)
    refused_once(line, before)


def test_m3_no_running_task_is_delivered_again(line: JobLine, worker: FarmProcess) -> None:
    """An entry without properties is a KeyError in kombu, which it takes for a lost connection."""
    before = line.quarantine.refused()
    slow = line.parcel(b"import time\nwhile time.process_time() < 1.5: pass\nprint(input())")
    line.send(slow)
    wait_until(lambda: line.redis.client().hlen(line.keys.claims(RUN)), "the slow program runs")
    line.push(b"{}", b"42", b"null")
    assert line.judged(slow).verdict is Verdict.PASSED
    refused_once(line, before, 3)
    assert worker.stderr.count("Connection to broker lost") == 0


# --- messages with one thing changed -------------------------------------------------------------------


def set_header(name: str, value: object) -> Change:
    return lambda entry: entry["headers"].update({name: value})


def set_body(body: object) -> Change:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda entry: entry.update(body=base64.b64encode(text).decode())


def with_job(change: Callable[[dict[str, Any]], Any]) -> Change:
    def apply(entry: dict[str, Any]) -> None:
        arguments, words, embedded = json.loads(base64.b64decode(entry["body"]))
        change(words["job"])
        set_body([arguments, words, embedded])(entry)

    return apply


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


JOB: dict[str, object] = {}
CHANGES: dict[str, Change] = {
    "M4 no headers": lambda entry: entry.pop("headers"),
    "M4 headers of another kind": lambda entry: entry.update(headers=[1]),
    "M4 no properties": lambda entry: entry.pop("properties"),
    "no delivery tag": lambda entry: entry["properties"].pop("delivery_tag"),
    "a tag of another kind": lambda entry: entry["properties"].update(delivery_tag={}),
    "another queue's address": lambda entry: entry["properties"]["delivery_info"].update(routing_key="generate.x"),
    "M5 no Base64": lambda entry: entry.update(body="%%%"),
    "M5 no body": lambda entry: entry.update(body=None),
    "M6 time limits of text": set_header("timelimit", ["x", "y"]),
    "its own time limits": set_header("timelimit", [None, 86400]),
    "M7 ETA in 2999": set_header("eta", "2999-01-01T00:00:00+00:00"),
    "M7 ETA banana": set_header("eta", "banana"),
    "expires": set_header("expires", "2000-01-01T00:00:00+00:00"),
    "M8 pickle": lambda entry: entry.update({"content-type": "application/x-python-serialize"}),
    "M8 yaml": lambda entry: entry.update({"content-type": "application/x-yaml"}),
    "compressed": set_header("compression", "application/x-gzip"),
    "M9 another task": set_header("task", "os.system"),
    "M9 the other role's task": set_header("task", "farm.generate"),
    "M9 Celery's own task": set_header("task", "celery.backend_cleanup"),
    "an id of another kind": set_header("id", ["x"]),
    "retries": set_header("retries", 10**9),
    "a header of tomorrow": set_header("run_as", "root"),
    "M10 wrong arity": set_body([[1, 2], {}, {}]),
    "M10 another argument": set_body([[], {"job": JOB, "other": 1}, {}]),
    "M10 no job": set_body([[], {}, {}]),
    "M10 arguments of another kind": set_body(42),
    "calls another task afterwards": set_body([[], {"job": JOB}, {"callbacks": [{"task": "farm.execute"}]}]),
    "M10 a wrong type": with_job(lambda job: job.update(index="0")),
    "M10 an extra field": with_job(lambda job: job.update(extra=1)),
    "a type of kombu's own": with_job(lambda job: job.update({"__type__": "bytes", "__value__": "x"})),
    "M11 a deep body": set_body(b'[[], {"job": ' + nested(5000).encode() + b"}, {}]"),
    "M11 a long number in the body": set_body(b'[[], {"job": ' + b"7" * 5000 + b"}, {}]"),
    "no signature": with_job(lambda job: job.pop("mac")),
    "another's signature": with_job(lambda job: job.update(mac="ab" * 32)),
    "another sample than was signed": with_job(lambda job: job.update(index=999)),
    "another run than was signed": with_job(lambda job: job.update(run_id="run-2")),
    "another fence than was signed": with_job(lambda job: job.update(fence=2)),
    "another schema": with_job(lambda job: job.update(schema_version=99)),
}


@pytest.mark.parametrize("change", list(CHANGES.values()), ids=list(CHANGES))
def test_a_message_with_one_thing_changed(line: JobLine, worker: FarmProcess, change: Change) -> None:
    before = line.quarantine.refused()
    entry = line.entry()
    change(entry)
    line.push(json.dumps(entry).encode())
    refused_once(line, before)


def test_a_job_of_another_schema_is_handed_back_once(line: JobLine, worker: FarmProcess) -> None:
    before = line.quarantine.refused()
    entry = line.entry()
    CHANGES["another schema"](entry)
    line.push(json.dumps(entry).encode())
    refused_once(line, before)
    assert "VersionSkew, handed back once" in line.notes()[0]


def test_a_job_of_another_schema_goes_back_as_it_came(line: JobLine) -> None:
    """Except for the mark that it was handed back: a worker of the message's version finds nothing changed."""
    guard = Guard(line.redis.client(), line.redis.client(), line.keys, "execute", KINDS["execute"], line.signer, "w")
    entry = line.entry()
    CHANGES["another schema"](entry)
    entry["properties"]["delivery_info"]["routing_key"] = "nobody"  # consumes this queue
    queue = line.keys.queue("nobody")
    assert guard.open(json.dumps(entry).encode(), "nobody") is None
    back = line.redis.client().rpop(queue)
    assert isinstance(back, bytes)
    assert json.loads(back) == {**entry, "headers": {**entry["headers"], HANDED_BACK: True}}
    assert guard.open(back, "nobody") is None
    assert not line.redis.client().exists(queue), "it is not handed back again"


def test_m12_a_body_of_50_mb(line: JobLine, worker: FarmProcess) -> None:
    before = line.quarantine.refused()
    line.push(b'{"body": "' + b"QUJD" * (50 << 18) + b'"}')
    refused_once(line, before)
    assert str(REPLY_BYTES) in line.notes()[0]


# --- good form, wrong content -----------------------------------------------------------------------------


def test_m13_a_job_of_an_unknown_run_is_not_done(line: JobLine, worker: FarmProcess) -> None:
    before, refused = line.stale(), line.quarantine.refused()
    unknown = line.dispatcher("run-unknown")
    unknown.send([unknown.execute(SampleKey("p", 1), 1, b"1", "0" * 64)])
    wait_until(lambda: line.stale() == before + 1, "the job is dropped")
    assert not line.redis.client().exists(line.keys.answers("run-unknown"), line.keys.claims("run-unknown"))
    assert line.quarantine.refused() == refused


def test_m15_a_job_that_was_done_is_not_done_again(line: JobLine, worker: FarmProcess) -> None:
    before = line.stale()
    parcel = line.parcel()
    line.send(parcel)
    line.judged(parcel)
    line.redis.client().hdel(line.keys.outstanding(RUN), f"execute/{parcel.job.key}")  # as the coordinator does
    line.push(json.dumps(line.entry(parcel)).encode())
    wait_until(lambda: line.stale() == before + 1, "the repeated job is dropped")
    assert len(line.answers()[parcel.job.key]) == 1


def test_m16_broadcasts_are_ignored(line: JobLine, worker: FarmProcess) -> None:
    app = make_app(line.settings, "coordinator")
    app.control.shutdown()
    app.control.pool_shrink(1)
    app.close()


@pytest.mark.timeout(1500 if FULL else 300)
def test_m17_a_flood_of_junk_does_not_stop_the_work(line: JobLine, worker: FarmProcess) -> None:
    before = line.quarantine.refused()
    early = line.parcel()
    line.send(early)
    line.push(*([b"{}"] * (JUNK // 2)))
    amid = line.parcel()
    line.send(amid)
    line.push(*([b"junk"] * (JUNK // 2)))
    late = line.parcel()
    line.send(late)
    for parcel in early, amid, late:
        assert line.judged(parcel, timeout_s=1200 if FULL else 250).verdict is Verdict.PASSED
    refused_once(line, before, JUNK)
    assert line.redis.client().llen(line.keys.quarantine) <= 1000
