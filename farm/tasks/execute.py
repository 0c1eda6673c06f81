"""The execute task: one program, one suite, one answer.

It runs in a pool process that owns one sandbox slot. The process holds the expected outputs and no
secret; the program runs in the sandbox and only its bytes come back.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from farm.errors import DatasetError, FarmError
from farm.queue.messages import ExecuteConfig, ExecuteJob
from farm.records import SampleResult, Suite
from farm.sandbox.api import Sandbox
from farm.tasks.context import TaskContext
from farm.text import decode

log = logging.getLogger(__name__)


def execute(context: TaskContext, open_slot: Callable[[str], Sandbox], message: object) -> None:
    """Judge the sample that `message` names and answer on the run's stream.

    `open_slot` gives this process's sandbox of a runtime, opened at its first use; a worker takes jobs from the
    queues of the runtimes that it has. A malformed message goes to quarantine. While Redis is away it
    waits (farm.queue.until_answered).
    """
    job = context.take(ExecuteJob, message, lambda job: job.program)
    if job is None:
        return
    try:
        result = _judge(context, open_slot, job)
        context.answers.result(job.run_id, job.fence, result)
        log.info("%s in %.2f s of CPU", result.verdict.value, result.cpu_s or 0.0)
    except (FarmError, MemoryError) as exc:
        # Celery would end the worker for a MemoryError.
        # A DatasetError: the problem's own tests are at fault, wherever they run.
        context.fail(job, exc, final=isinstance(exc, DatasetError))


def _judge(context: TaskContext, open_slot: Callable[[str], Sandbox], job: ExecuteJob) -> SampleResult:
    config = context.blobs.record(ExecuteConfig, job.run_id, job.config)
    suite = context.blobs.record(Suite, job.run_id, job.suite)
    source = decode(context.blobs.get(job.run_id, job.program))
    sandbox = open_slot(config.judge.runtime)
    evaluation = sandbox.evaluate(source, suite, config.judge, config.limits)
    return SampleResult(
        problem_id=job.problem_id,
        index=job.index,
        verdict=evaluation.verdict,
        first_failure=evaluation.first_failure,
        program_sha256=job.program,
        suite_sha256=job.suite,
        judge=config.judge,
        limits=config.limits,
        detail=evaluation.detail,
        cases=evaluation.cases,
        verdicts_seen=evaluation.verdicts_seen,
        tests_total=len(suite.tests),
        sandbox=sandbox.info.tier,
        runtime=sandbox.info.runtime,
        worker=context.worker,
        attempt=job.attempt,
        cpu_s=evaluation.cpu_s,
        wall_s=evaluation.wall_s,
        finished_at=time.time(),
    )
