"""What a worker does on SIGTERM, and after `farm workers drain`, which sends it.

Celery begins a warm shutdown: the worker takes no more jobs and ends when those that it has are answered. For execute
and score workers that is all; an execute worker's processes close their sandboxes as they end (farm/tasks/boot.py). A
generate worker may have requests in flight for many minutes, and its event loop has stopped, with it the renewal of
leases: after the visibility timeout its messages would go to another worker while it still works on them. So it stops
waiting for slots at once, waits for answers for half of the visibility timeout, then returns the jobs that are not
answered to their queue and ends. A thread cannot be stopped; the process can.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from celery import Celery, signals
from celery.worker import state
from redis.exceptions import RedisError

from farm.queue.celery_app import VISIBILITY_S
from farm.records import SampleKey
from farm.tasks.heartbeat import WorkerFacts

log = logging.getLogger(__name__)
DRAIN_S = VISIBILITY_S / 2
# KEYS messages, since, queue, claims, starts; ARGV tag, stage/key, message. Sent twice it moves the message once. The
# starts are forgotten, because the sample is not the cause.
HAND_BACK = """
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[2])
redis.call('HDEL', KEYS[5], ARGV[2])
redis.call('RPUSH', KEYS[3], ARGV[3])
return 1
"""


def drain_on_shutdown(app: Celery, stop_waiting: Callable[[], None], drain_s: float) -> None:
    """Have a generate worker's app drain when it is told to stop. `stop_waiting` ends the waits for slots."""

    def begin(**_: Any) -> None:
        stop_waiting()
        threading.Thread(target=_end_drain, args=(app.farm_worker, drain_s), daemon=True).start()

    signals.worker_shutting_down.connect(begin, weak=False)


def _end_drain(worker: WorkerFacts, drain_s: float) -> None:
    """End this process when `drain_s` have passed and it has not ended by itself; its jobs are in the queue then."""
    if worker.ended.wait(drain_s):
        return
    requests = list(state.active_requests)
    log.warning("%d requests are in flight after %.0f s: their jobs go back to the queue", len(requests), drain_s)
    try:
        worker.guard.unacked.flush()
        for request in requests:
            _hand_back(worker, request.message)
        worker.ended.set()
        with worker.heartbeat_lock:
            worker.connection.delete(worker.keys.worker(worker.name))
    except RedisError as exc:
        log.warning("not returned, they come back after the visibility timeout: %s", exc)
    for handler in logging.getLogger().handlers:
        with suppress(Exception):
            handler.flush()
    os._exit(0)


def _hand_back(worker: WorkerFacts, message: Any) -> None:
    """Move an unacknowledged message to its queue, next in line, and withdraw the claim on its sample."""
    keys, tag = worker.keys, message.delivery_tag
    messages, since = keys.unacked("generate")
    stored = cast(bytes | None, worker.connection.hget(messages, tag))
    if stored is None:
        return  # answered in this moment
    payload, _, queue = json.loads(stored)
    _, words, _ = json.loads(message.body)
    job = words["job"]
    run_id, place = job["run_id"], f"generate/{SampleKey(job['problem_id'], job['index'])}"
    names = [messages, since, keys.queue(queue), keys.claims(run_id), keys.starts(run_id)]
    worker.connection.register_script(HAND_BACK)(keys=names, args=[tag, place, json.dumps(payload)])
