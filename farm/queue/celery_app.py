"""The Celery application of each role, with the reason for each setting.

Celery only carries attempts: there is no result backend, no chord, no retry, no ETA. The facts
behind the values were measured; docs/adr/0003-celery-pins.md and docs/operations.md name them.
"""

from __future__ import annotations

from typing import Any

from celery import Celery
from kombu import Exchange, Queue

from farm.config import Settings
from farm.ids import DEFAULT_RUNTIME
from farm.queue.broker import address, sentinel_options, tls
from farm.queue.redis_keys import execute_queue, unacked_names

# A message that a dead worker held comes back after this. Live workers renew what they hold
# (farm.tasks.heartbeat), so a generation of an hour is not delivered twice.
VISIBILITY_S = 120
NO_LEASE_S = 4 * 3600  # the same if kombu cannot renew: longer than any generation
POOL_MEMORY_KIB = 1 << 20  # of a pool process at its peak: tests of a problem are tens of MB, its caches 80
TASK_LIMIT_S = 3600  # a backstop for execute tasks, far above the sandbox's limits


def make_app(settings: Settings, role: str, *, visibility_s: int = VISIBILITY_S) -> Celery:
    """The app of `role`: coordinator, generate or execute. It registers no task; see farm.tasks.boot."""
    app = Celery("farm", broker=address(settings).celery, set_as_current=False)
    app.conf.update(_settings(settings, role, visibility_s))
    return app


def queue(name: str) -> Queue:
    """A queue on the anonymous exchange: routing needs no binding key that a FLUSHALL could take away."""
    return Queue(name, Exchange(""), routing_key=name)


def execute_queues(settings: Settings) -> list[str]:
    """The queues of an execute worker: one for its own interpreter, and one for each runtime it was given."""
    return [execute_queue(name) for name in (DEFAULT_RUNTIME, *(r.name for r in settings.program_runtimes))]


def _sentinel(settings: Settings) -> dict[str, Any]:
    place = address(settings)
    if not place.by_sentinel:
        return {}
    return {"master_name": place.master, "sentinel_kwargs": sentinel_options(settings)}


def _settings(settings: Settings, role: str, visibility_s: int) -> dict[str, Any]:
    return {
        # pickle would run code
        "task_serializer": "json",
        "result_serializer": "json",
        "event_serializer": "json",
        "accept_content": ["json"],
        # answers go to farm's stream: no second copy, no result keys, no SUBSCRIBE per send
        "result_backend": None,
        "task_ignore_result": True,
        "task_acks_late": True,  # a dead worker's message returns; the ledger takes the first answer
        "task_acks_on_failure_or_timeout": True,  # a failure is answered as data
        "task_reject_on_worker_lost": False,  # True loops for ever on a program that kills its worker
        "worker_prefetch_multiplier": 1,  # nothing waits behind a slow task
        "visibility_timeout": visibility_s,
        "broker_transport_options": {
            "visibility_timeout": visibility_s,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 25,
            "queue_order_strategy": "sorted",
            "global_keyprefix": settings.key_prefix,
            **unacked_names(role),
            **_sentinel(settings),
        },
        "broker_use_ssl": tls(settings) or None,
        "broker_connection_retry_on_startup": True,  # outlive a Redis restart; farm pings first, for the clear error
        "broker_connection_max_retries": None,
        # a refusal (READONLY after a failover, NOREPLICAS, OOM) would end the worker where a lost connection does not
        "broker_channel_error_retry": True,
        # the coordinator waits and sends again: with several sentinels Celery's own retries do not wait at all
        "task_publish_retry": False,
        # True ends the worker on 5.6.3, and aborted requests can crash the model server
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_enable_remote_control": False,  # any Redis client could stop every worker
        # costs a publish for each event; only Flower needs it
        "worker_send_task_events": settings.task_events,
        "task_send_sent_event": settings.task_events,
        "worker_hijack_root_logger": False,
        "task_default_queue": "unrouted",  # it has no consumer, so that a routing mistake shows
        "task_queues": [queue(name) for name in execute_queues(settings)] if role == "execute" else None,
        "task_create_missing_queues": True,
        # bounds leaks; starting a process costs its slot a second
        "worker_max_tasks_per_child": 1_000 if role == "execute" else None,
        "worker_max_memory_per_child": POOL_MEMORY_KIB if role == "execute" else None,
        "task_time_limit": TASK_LIMIT_S if role == "execute" else None,  # threads have none; the client has its own
        "task_track_started": False,
        "timezone": "UTC",
    }
