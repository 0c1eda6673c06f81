"""The score task: all answers to one task of lm-eval, judged by that task's own rules.

They run in a process of the evaluation environment that the job names; this worker loads neither lm-eval nor
`datasets`, and neither of the two has a key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from farm.environments.process import score_answers
from farm.errors import ConfigError, FarmError
from farm.queue.messages import ScoreJob
from farm.tasks.context import TaskContext


def score(context: TaskContext, environments: Mapping[str, str], message: object) -> None:
    """Score what `message` names and answer on the run's stream. `environments`: name -> Python.

    A malformed message goes to quarantine. While Redis is away it waits (farm.queue.until_answered).
    """
    job = context.take(ScoreJob, message)
    if job is None:
        return
    try:
        if job.environment not in environments:
            raise ConfigError(f"this worker has no environment {job.environment}")
        order = json.loads(context.blobs.get(job.run_id, job.config))
        order["answers"] = json.loads(context.blobs.get(job.run_id, job.answers))
        found = score_answers(environments[job.environment], order)
    except FarmError as exc:
        # What lm-eval refuses or fails on, it does again
        context.fail(job, exc, final=True)
        return
    context.answers.scored(job, json.dumps(found).encode(), context.worker)
