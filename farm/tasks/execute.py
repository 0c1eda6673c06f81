"""The execute task: a batch of programs, each on its suite, and their verdicts.

It runs in a pool process that owns one sandbox slot. The process holds the expected outputs and no
secret; the program runs in the sandbox and only its bytes come back.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable

from farm.errors import DatasetError, FarmError
from farm.queue.messages import ExecuteConfig, ExecuteJob
from farm.records import SampleResult, Suite
from farm.sandbox.api import Sandbox
from farm.tasks.context import TaskContext, begin
from farm.text import decode

log = logging.getLogger(__name__)
SEND_AFTER_S = 0.2
BATCH_LIMIT_S = 1.0  # then what is left of a batch goes back: other slots may be idle


def execute(context: TaskContext, open_slot: Callable[[str], Sandbox], message: object) -> None:
    """Judge the samples that `message` names, one after the other, and answer on the run's stream.

    `open_slot` gives this process's sandbox of a runtime, opened at its first use; a worker takes jobs from the
    queues of the runtimes that it has. A malformed message goes to quarantine. While Redis is away it
    waits (farm.queue.until_answered).
    """
    jobs = context.take_batch(message)
    if not jobs:
        return
    run_id, fence = jobs[0].run_id, jobs[0].fence
    spent_s = 0.0  # by programs: a sandbox that had to be opened is ready for the rest of the batch
    with UnsentResults(lambda results: context.answers.results(run_id, fence, results)) as unsent:
        for place, job in enumerate(jobs):
            if spent_s > BATCH_LIMIT_S:
                context.give_back(jobs[place:])
                log.info("%d programs of a batch given back: the others took their time", len(jobs) - place)
                break
            begin(job)
            try:
                result = _judge(context, open_slot, job)
                unsent.add(result)
                spent_s += result.wall_s * result.judge.repeats
                log.info("%s in %.2f s of CPU", result.verdict.value, result.cpu_s or 0.0)
            except (FarmError, MemoryError) as exc:
                # Celery would end the worker for a MemoryError.
                # A DatasetError: the problem's own tests are at fault, wherever they run.
                context.fail(job, exc, final=isinstance(exc, DatasetError))
                spent_s = math.inf  # other slots may be in order


class UnsentResults:
    """Verdicts of a batch that are sent together: when it ends, and before one of them is SEND_AFTER_S old."""

    def __init__(self, send: Callable[[list[SampleResult]], None]) -> None:
        self._send = send
        self._results: list[SampleResult] = []
        self._lock = threading.Lock()  # a timer sends what waits while a slow program runs
        self._timer: threading.Timer | None = None

    def __enter__(self) -> UnsentResults:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.send()

    def add(self, result: SampleResult) -> None:
        """One more verdict."""
        with self._lock:
            self._results.append(result)
            if self._timer is None:
                self._timer = threading.Timer(SEND_AFTER_S, self.send)
                self._timer.daemon = True
                self._timer.start()

    def send(self) -> None:
        """Send what has not been sent. Waits while Redis is away."""
        with self._lock:
            if self._results:
                self._send(self._results)
            self._results, self._timer = [], None


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
