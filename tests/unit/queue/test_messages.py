"""Messages: strict, small, and refused by name when they are not what they should be."""

from __future__ import annotations

import json

import pytest

from farm.coordinator.sending import task_id
from farm.errors import MessageRejected, VersionSkew
from farm.ids import sha256_hex
from farm.queue.messages import MAX_BATCH, MAX_MESSAGE_BYTES, ExecuteBatch, ExecuteJob, parse
from farm.records import SampleKey
from farm.records.phases import Stage

DIGEST = sha256_hex(b"x")
GOOD = {
    "schema_version": 2, "run_id": "run-1", "problem_id": "p", "index": 0, "attempt": 1, "fence": 1,
    "config": DIGEST, "program": DIGEST, "suite": DIGEST,
}  # fmt: skip


def test_a_job_survives_the_trip() -> None:
    job = parse(ExecuteJob, json.loads(json.dumps(GOOD)))
    assert job.key == SampleKey("p", 0)
    assert parse(ExecuteJob, job.to_json()) == job


def test_the_largest_job_is_far_below_the_limit() -> None:
    job = parse(ExecuteJob, {**GOOD, "run_id": "r" * 64, "problem_id": "p" * 200, "index": 10**9, "fence": 10**9})
    assert len(job.to_json()) < MAX_MESSAGE_BYTES / 32


def test_a_batch_is_its_jobs_in_order() -> None:
    jobs = [parse(ExecuteJob, {**GOOD, "index": index, "attempt": index + 1}) for index in range(3)]
    batch = parse(ExecuteBatch, json.loads(ExecuteBatch.of(jobs).to_json()))
    assert batch.jobs() == jobs


def test_the_largest_batch_is_below_the_limit_and_one_more_is_refused() -> None:
    job = parse(
        ExecuteJob, {**GOOD, "run_id": "r" * 64, "problem_id": "\u20ac" * 200, "index": 10**9, "attempt": 10**9}
    )
    largest = ExecuteBatch.of([job] * MAX_BATCH).model_dump(mode="json")
    assert len(json.dumps(largest)) < MAX_MESSAGE_BYTES
    for programs in [*largest["programs"], largest["programs"][0]], []:
        with pytest.raises(MessageRejected, match="programs"):
            parse(ExecuteBatch, {**largest, "programs": programs})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"index": "0"}, "index"),
        ({"index": -1}, "index"),
        ({"attempt": 0}, "attempt"),
        ({"program": "../../etc/passwd"}, "program"),
        ({"suite": DIGEST.upper()}, "suite"),
        ({"run_id": "Run/../1"}, "run_id"),
        ({"extra": 1}, "extra"),
        ({"problem_id": ""}, "problem_id"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, object], field: str) -> None:
    with pytest.raises(MessageRejected, match=field):
        parse(ExecuteJob, {**GOOD, **changes})


@pytest.mark.parametrize("data", [None, 42, "job", [], [GOOD], {}, {"job": GOOD}, b"", b"{", b"\xff", float("nan")])
def test_what_is_no_job_is_refused(data: object) -> None:
    with pytest.raises(MessageRejected):
        parse(ExecuteJob, data)


def test_deep_nesting_is_refused() -> None:
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(MessageRejected):
        parse(ExecuteJob, {**GOOD, "extra": deep})


def test_another_schema_is_named_as_such() -> None:
    with pytest.raises(VersionSkew, match="schema 1"):
        parse(ExecuteJob, {**GOOD, "schema_version": 1})


def test_the_celery_id_names_run_sample_stage_and_attempt() -> None:
    assert task_id("run-1", SampleKey("p", 3), Stage.EXECUTE, 2) == "run-1:p#3:execute:2"
