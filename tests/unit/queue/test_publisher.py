"""What farm posts is what Celery would have published, and is taken for it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from farm.queue.envelope import open_envelope
from farm.queue.messages import EXECUTE_TASK, ExecuteBatch, ExecuteJob, TaskMessage
from farm.records import SampleKey
from tests.support.cluster.job_line import JobLine, job_line
from tests.support.redis_server import running_redis

OF_EACH_MESSAGE = {"delivery_tag", "reply_to", "origin"}
QUEUE = "execute"


@pytest.fixture
def line(tmp_path: Path) -> Iterator[JobLine]:
    with running_redis(tmp_path / "redis") as server, job_line(server, tmp_path / "home") as line:
        yield line


def message(line: JobLine, index: int) -> TaskMessage:
    job = line.signer.signed(line.parcel(index=index).job).model_dump(mode="json")
    return TaskMessage(EXECUTE_TASK, f"run-1:p#{index}:execute:1", job, f"{{'run': 'run-1', 'sample': 'p#{index}'}}")


def entries(line: JobLine) -> list[bytes]:
    """Of the queue, the first to be taken first."""
    found = cast(list[bytes], line.redis.client().lrange(line.keys.queue(QUEUE), 0, -1))[::-1]
    line.redis.client().delete(line.keys.queue(QUEUE))
    return found


def parts(raw: bytes) -> dict[str, Any]:
    """A message with its body read, without what is new in each."""
    message: dict[str, Any] = json.loads(raw)
    message["body"] = json.loads(base64.b64decode(message["body"]))
    for place in (message["headers"], message["properties"]):
        for name in OF_EACH_MESSAGE & place.keys():
            assert isinstance(place[name], str) and place[name]
            place[name] = "..."
    return message


@pytest.mark.redis
def test_a_letter_is_what_celery_publishes(line: JobLine) -> None:
    sent = message(line, 1)
    line.app.send_task(
        sent.task, kwargs={"job": sent.job}, task_id=sent.task_id, queue=QUEUE, exchange="", routing_key=QUEUE,
        ignore_result=True, argsrepr="()", kwargsrepr=sent.shown,
    )  # fmt: skip
    [celerys] = entries(line)
    line.publisher.send(QUEUE, [sent])
    [ours] = entries(line)
    assert parts(ours) == parts(celerys)


@pytest.mark.redis
def test_many_letters_are_one_command_and_come_in_their_order(line: JobLine) -> None:
    messages = [message(line, index) for index in range(300)]
    before = line.redis.client().info("commandstats").get("cmdstat_lpush", {"calls": 0})["calls"]
    line.publisher.send(QUEUE, messages)
    assert line.redis.client().info("commandstats")["cmdstat_lpush"]["calls"] == before + 1
    opened = [open_envelope(raw, QUEUE, {EXECUTE_TASK: ExecuteJob}) for raw in entries(line)]
    jobs = [envelope.job for envelope in opened]
    assert [job.key for job in jobs if isinstance(job, ExecuteJob)] == [SampleKey("p", index) for index in range(300)]
    assert len({envelope.payload["properties"]["delivery_tag"] for envelope in opened}) == 300


@pytest.mark.redis
@pytest.mark.parametrize("events", ["0", "1"])
def test_a_dispatcher_sends_the_same_whether_flower_wants_to_hear_of_it(tmp_path: Path, events: str) -> None:
    with (
        running_redis(tmp_path / "redis") as server,
        job_line(server, tmp_path / "home", FARM_TASK_EVENTS=events) as line,
    ):
        heard: Any = cast(Any, server.client()).pubsub()
        heard.psubscribe("*task.sent*")
        assert heard.get_message(timeout=10) is not None  # of the subscription itself
        parcel = line.parcel(index=7)
        line.send(parcel)
        assert isinstance(parcel.job, ExecuteJob)
        [raw] = entries(line)
        found = parts(raw)
        assert found["headers"]["id"] == "run-1:p#7:execute:1"
        assert found["body"][1]["job"] == line.signer.signed(ExecuteBatch.of([parcel.job])).model_dump(mode="json")
        server.client().publish("/the end.task.sent", "nothing")
        names = [heard.get_message(timeout=10)["channel"]]
        if events == "1":
            names.append(heard.get_message(timeout=10)["channel"])
        assert names[-1] == b"/the end.task.sent" and len(names) == 1 + int(events)
