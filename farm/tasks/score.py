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

    Raises RedisError only: then nothing was answered, and the coordinator sends the work again.
    """
    job = context.take(ScoreJob, "score", message)
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
        context.fail(job, "score", exc, final=True)
        return
    context.answers.scored(job.run_id, job.fence, json.dumps(found).encode(), context.worker)
