"""Reports a failure for every task that crashed or lost its process, so that the coordinator does not wait for it.

Celery acknowledges a failed task, and its worker still has a heartbeat. The signal fires where the task raised, and in
the worker's main process for a pool process that died or ran into the hard time limit.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from celery import signals

from farm.errors import MessageRejected, VersionSkew
from farm.queue.messages import ExecuteBatch, Failure, Job, SignedMessage, parse
from farm.tasks.context import TaskContext

LOSSES = {"WorkerLostError": "worker_lost", "TimeLimitExceeded": "time_limit_of_the_task"}


def answer_what_fails(kind: type[SignedMessage], context: Callable[[], TaskContext]) -> None:
    """Answer for each task of this process that fails from now on. `context` is asked for at each failure.

    Of a batch, for the jobs that have no answer yet: if there are several, each is to be sent by itself, because any of
    them may be the cause.
    """

    def lost(**event: Any) -> None:
        name = type(event.get("exception")).__name__
        try:
            message = parse(kind, (event.get("kwargs") or {}).get("job"))
        except (MessageRejected, VersionSkew):
            return  # it was quarantined
        answer = partial(_answer, context(), message, LOSSES.get(name, "task_failed"), name)
        if os.getpid() == worker and threading.current_thread() is threading.main_thread():
            # Redis may be away for long, and the event loop must go on with the heartbeat
            threading.Thread(target=answer, daemon=True).start()
        else:
            answer()

    worker = os.getpid()
    signals.task_failure.connect(lost, weak=False)


def _answer(context: TaskContext, message: SignedMessage, kind: str, reason: str) -> None:
    jobs: Sequence[Job] = [message] if isinstance(message, Job) else []
    if isinstance(message, ExecuteBatch):
        jobs = context.claimed(message.jobs())
        if len(jobs) > 1:
            context.give_back(jobs, alone=True)
            return
    for job in jobs:
        failure = Failure.of(job, kind, reason, context.worker)
        context.answers.failure(job.run_id, job.fence, failure)
