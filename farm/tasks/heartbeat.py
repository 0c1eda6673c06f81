"""What a worker's main process does besides tasks: its heartbeat, and the lease on the messages that it has received.

Celery bootsteps on the worker's event loop, so a worker that hangs has no heartbeat. Their calls to Redis are made in
background threads:

* Heartbeat writes a key with a TTL. A coordinator re-sends the jobs that a worker without a heartbeat had claimed. It
  also reads whether an operator asked this worker to drain (farm.queue.workers).
* RenewLeases renews the scores of unacknowledged messages, so the visibility timeout may be short although
  a generation may take an hour. The names that it uses are kombu's private ones; a test guards them.
* WriteAcknowledgements and FollowQueues: see there.
"""

from __future__ import annotations

import json
import logging
import math
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, cast

import redis
from celery import bootsteps
from celery.worker import state
from kombu.transport import redis as kombu_redis
from kombu.transport import virtual
from redis.exceptions import RedisError

import farm
from farm import health
from farm.queue.celery_app import VISIBILITY_S
from farm.queue.messages import WIRE_VERSION
from farm.queue.redis_keys import WORKER_TTL_S, Keys
from farm.sandbox.api import SandboxInfo
from farm.tasks.background import BackgroundCall
from farm.tasks.guard import Guard, stopping

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """What the steps need to know of their worker; boot sets it as `app.farm_worker`."""

    name: str
    role: str
    slots: int
    sandboxes: dict[str, SandboxInfo]  # by runtime; empty: it executes nothing
    keys: Keys
    connection: redis.Redis
    guard: Guard
    key_id: str
    environments: tuple[str, ...] = ()  # evaluation environments that it scores in
    health_file: Path | None = None  # for a health check that costs Redis nothing (farm.health)
    ended: threading.Event = field(default_factory=threading.Event)  # set when the process is about to end
    heartbeat_lock: threading.Lock = field(default_factory=threading.Lock)  # held while a heartbeat is written


class _Repeating(bootsteps.StartStopStep):  # type: ignore[misc]
    """Calls `beat` every `every_s` seconds on the event loop (restarted after a reconnect).

    If `beat` returns a callable, it runs in a background thread, unless the previous one is still running.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)
    every_s: ClassVar[float]

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._timer: Any = None
        self._background = BackgroundCall(type(self).__name__)

    def start(self, parent: Any) -> None:
        self._beat(parent)
        self._timer = parent.timer.call_repeatedly(self.every_s, self._beat, (parent,))

    def stop(self, parent: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def shutdown(self, parent: Any) -> None:
        self.stop(parent)

    def _beat(self, consumer: Any) -> None:
        try:
            call = self.beat(consumer, consumer.app.farm_worker)
        except RedisError as exc:
            log.warning("%s: Redis does not answer: %s", type(self).__name__, exc)
            return
        if call is not None:
            self._background.start(call)

    def beat(self, consumer: Any, worker: WorkerFacts) -> Callable[[], None] | None:
        """What is done each time; a call to Redis is returned, not made."""
        raise NotImplementedError


class Heartbeat(_Repeating):
    """Renews the worker's key while its event loop turns."""

    every_s = 2.0
    _ttl_s = WORKER_TTL_S  # longer where replies take seconds

    def start(self, parent: Any) -> None:
        if parent.event_dispatcher is not None:
            # Celery gathers task events, and loses those that a thread adds while it sends what is gathered
            parent.event_dispatcher.buffer_group = frozenset()
        super().start(parent)

    def stop(self, parent: Any) -> None:
        """A worker that drains has no event loop any more; a thread renews its key until it ends."""
        super().stop(parent)
        if stopping():
            threading.Thread(target=self._drain, args=(parent,), daemon=True).start()

    def _drain(self, consumer: Any) -> None:
        while not consumer.app.farm_worker.ended.wait(self.every_s):
            self._beat(consumer)

    def beat(self, consumer: Any, worker: WorkerFacts) -> Callable[[], None]:
        values = {
            "role": worker.role,
            "host": socket.gethostname(),
            "pid": str(os.getpid()),
            "version": farm.__version__,
            "wire": str(WIRE_VERSION),
            "key": worker.key_id,
            "slots": str(consumer.pool.num_processes),  # of now: a pool may grow with its queue
            "most_slots": str(worker.slots),
            "draining": "1" if stopping() else "0",
            "sandboxes": json.dumps({name: [info.runtime, info.tier] for name, info in worker.sandboxes.items()}),
            "environments": json.dumps(worker.environments),
            "busy": str(len(state.active_requests)),
            "seen": f"{time.time():.3f}",
        }
        return lambda: self._write(worker, values)

    def _write(self, worker: WorkerFacts, values: dict[str, str]) -> None:
        key, began = worker.keys.worker(worker.name), time.monotonic()
        with worker.heartbeat_lock:
            if worker.ended.is_set():
                return
            pipe = worker.connection.pipeline(transaction=True)
            pipe.hset(key, mapping=cast(dict[Any, Any], values))
            pipe.expire(key, self._ttl_s)
            pipe.get(worker.keys.drain(worker.name))
            drain = pipe.execute()[-1]
        self._ttl_s = max(WORKER_TTL_S, math.ceil(4 * (time.monotonic() - began)))
        if worker.health_file is not None:
            health.note(worker.health_file)
        if drain is not None and not stopping():
            log.info("asked to drain: no more jobs are taken, those that are begun are answered")
            os.kill(os.getpid(), signal.SIGTERM)  # as an operator would: one way to stop, tested as one


class RenewLeases(_Repeating):
    """Renews the lease on each message that this worker has not acknowledged."""

    every_s = VISIBILITY_S / 5

    def beat(self, consumer: Any, worker: WorkerFacts) -> Callable[[], None] | None:
        channel = consumer.task_consumer.channel
        # After a reconnect the new channel's own list is empty although tasks still run.
        tags = set(channel.qos._delivered) | {r.message.delivery_tag for r in list(state.active_requests)}
        if not tags:
            return None
        _, since = worker.keys.unacked(worker.role)
        # xx: never revive a message that was acknowledged or taken away
        return lambda: cast(None, worker.connection.zadd(since, dict.fromkeys(tags, time.time()), xx=True))


def lacking() -> list[str]:
    """The private names of kombu that the lease needs and that are not there: none in the pinned versions."""
    needed = (
        (kombu_redis.QoS, "restore_visible"),
        (virtual.QoS, "_delivered"),
    )
    return [f"{owner.__name__}.{name}" for owner, name in needed if not hasattr(owner, name)]


class WriteAcknowledgements(_Repeating):
    """Has acknowledgements written that no later message takes along (farm.tasks.unacked)."""

    every_s = 0.25

    def beat(self, consumer: Any, worker: WorkerFacts) -> None:
        worker.guard.unacked.wake_writer()


class FollowQueues(_Repeating):
    """A generate worker without --model serves every model: it follows the set of announced queues."""

    every_s = 1.0
    _announced: tuple[str, ...] = ()

    def beat(self, consumer: Any, worker: WorkerFacts) -> Callable[[], None]:
        for name in self._announced:
            if name.startswith("generate.") and not consumer.task_consumer.consuming_from(name):
                consumer.add_task_queue(name, exchange="", routing_key=name)
        return lambda: self._look(worker)

    def _look(self, worker: WorkerFacts) -> None:
        found = cast(set[bytes], worker.connection.smembers(worker.keys.generate_queues))
        self._announced = tuple(sorted(raw.decode() for raw in found))
