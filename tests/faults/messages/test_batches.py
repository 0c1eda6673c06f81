"""Programs that share a message: their verdicts, how soon these come, and what becomes of the rest of a batch."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from farm.coordinator.sending import OutgoingJob
from farm.records import Limits, SampleKey, SampleResult, Verdict
from tests.support.cluster.job_line import ECHO, RUN, JobLine, job_line
from tests.support.experiments.nemesis import pool_of
from tests.support.redis_server import running_redis
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.fault]

PROGRAMS = {
    ECHO: Verdict.PASSED,
    b"print(8)": Verdict.WRONG_ANSWER,
    b"raise SystemExit(3)": Verdict.RUNTIME_ERROR,
    b"print(": Verdict.SYNTAX_ERROR,
    b"import sys; sys.stdout.write('7')": Verdict.PASSED,
    b"x = bytearray(4 << 30); print(7)": Verdict.MEMORY_LIMIT,
}


@pytest.fixture
def line(tmp_path: Path) -> Iterator[JobLine]:
    with running_redis(tmp_path / "redis") as redis, job_line(redis, tmp_path / "home") as line:
        yield line


def wait_for_file(path: Path) -> bytes:
    """A program that passes once this file is there. It runs unconfined: see JobLine.worker."""
    return f"import os, time\nwhile not os.path.exists({str(path)!r}): time.sleep(0.01)\nprint(input())".encode()


def claimed(line: JobLine) -> set[str]:
    found = cast(dict[bytes, bytes], line.redis.client().hgetall(line.keys.claims(RUN)))
    return {field.decode() for field in found}


def place(parcel: OutgoingJob) -> str:
    return parcel.job.place


def test_verdicts_do_not_depend_on_the_batch(line: JobLine) -> None:
    line.worker()
    rng = random.Random(5)
    sent: dict[SampleKey, bytes] = {}
    for _ in range(3):
        programs = [program for program in PROGRAMS for _ in range(3)]
        rng.shuffle(programs)
        batch = [line.parcel(program) for program in programs]
        sent |= {cast(SampleKey, parcel.job.key): program for parcel, program in zip(batch, programs, strict=True)}
        line.send_batch(*batch)
    alone = [(program, line.parcel(program)) for program in PROGRAMS]
    for program, parcel in alone:
        line.send(parcel)
        sent[cast(SampleKey, parcel.job.key)] = program
    back: dict[SampleKey, OutgoingJob] = {}

    def all_judged() -> bool:
        for returned in line.given_back():  # on a busy host a batch may take over a second: as the coordinator does
            for job in returned.jobs:
                if job.key not in back:
                    back[job.key] = line.parcel(sent[job.key], index=job.index)
                    line.send(back[job.key])
        return line.answers().keys() >= sent.keys()

    wait_until(all_judged, "all programs are judged", timeout_s=120)
    for key, program in sent.items():
        [result] = {answer.verdict for answer in line.answers()[key] if isinstance(answer, SampleResult)}
        assert result is PROGRAMS[program], program


def test_verdicts_do_not_wait_for_a_slow_program_of_their_batch(line: JobLine, tmp_path: Path) -> None:
    line.limits = Limits(wall_s=60)
    line.worker()
    quick, slow, last = line.parcel(), line.parcel(wait_for_file(tmp_path / "go")), line.parcel()
    line.send_batch(quick, slow, last)
    assert line.judged(quick).verdict is Verdict.PASSED
    assert slow.job.key not in line.answers()
    assert claimed(line) == {place(slow), place(last)}, "an answer ends its claim"
    (tmp_path / "go").touch()
    assert line.judged(slow).verdict is Verdict.PASSED


def test_what_a_batch_has_no_time_for_goes_back_unbegun(line: JobLine, tmp_path: Path) -> None:
    line.limits = Limits(wall_s=60)
    line.worker()
    slow = line.parcel(b"import time; time.sleep(1.5); print(input())")
    rest = [line.parcel() for _ in range(3)]
    line.send_batch(slow, *rest)
    assert line.judged(slow).verdict is Verdict.PASSED
    [returned] = wait_until(line.given_back, "the rest is given back")
    assert [job.key for job in returned.jobs] == [parcel.job.key for parcel in rest]
    assert not returned.alone and line.answers().keys() == {slow.job.key}


def test_a_pool_process_that_dies_costs_no_attempt_of_those_that_wait_in_its_batch(
    line: JobLine, tmp_path: Path
) -> None:
    line.limits = Limits(wall_s=60)
    worker = line.worker()
    quick, slow, rest = line.parcel(), line.parcel(wait_for_file(tmp_path / "never")), line.parcel()
    line.send_batch(quick, slow, rest)
    line.judged(quick)
    [pool_process] = pool_of(worker)
    os.kill(pool_process, signal.SIGKILL)
    [returned] = wait_until(line.given_back, "the others are given back")
    assert returned.alone and [job.key for job in returned.jobs] == [slow.job.key, rest.job.key]
    assert worker.running and line.answers().keys() == {quick.job.key}
