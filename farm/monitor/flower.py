"""Serves Flower, set up so that it can only read.

Flower is another project's page on our queues. It is read-only (it could otherwise send any task and stop workers),
has a password where other hosts can reach it, and without one refuses requests under another host name. It shows task
events, which workers send only with FARM_TASK_EVENTS=1. Of a job it shows the run and the sample.
"""

from __future__ import annotations

import hashlib
import signal
import sys
from collections.abc import Iterator
from typing import Any, NoReturn, cast

import redis
from kombu import Queue

from farm.config import Settings
from farm.errors import ConfigError
from farm.ids import DEFAULT_RUNTIME
from farm.queue import broker, broker_checks
from farm.queue.celery_app import make_app, queue
from farm.queue.redis_keys import Keys, execute_queue, score_queue
from farm.queue.workers import living_workers
from farm.web.access import USER, Access

TASKS_KEPT = 20_000  # of Flower's memory; its own default is 100,000
COLUMNS = "name,kwargs,state,received,started,runtime,worker,uuid"


def run_flower(settings: Settings, access: Access) -> int:
    """Serve Flower until told to stop; returns the exit code. Raises ConfigError if Flower is not installed."""
    try:
        from flower.app import Flower
        from flower.urls import settings as routes
        from tornado.options import options
        from tornado.web import ErrorHandler
    except ImportError as exc:
        raise ConfigError("Flower is not installed", remedy="pip install 'farm-eval[flower]'") from exc

    class GuardedFlower(Flower):  # type: ignore[misc]  # Flower has no types
        def find_handler(self, request: Any, **kwargs: Any) -> Any:
            if not access.accepts_host(request.headers.get("Host")):
                return self.get_handler_delegate(request, ErrorHandler, {"status_code": 403})
            return super().find_handler(request, **kwargs)

    options.address, options.port = access.host, access.port
    options.read_only = True
    options.max_tasks = TASKS_KEPT
    options.purge_offline_workers = 300
    options.enable_events = False  # would be a broadcast, which workers do not take
    options.tasks_columns = COLUMNS
    if access.password is not None:
        options.basic_auth = [f"{USER}:{access.password}"]
        # Sessions outlive a restart, and end with the password
        routes["cookie_secret"] = hashlib.sha256(b"flower " + access.password.encode()).hexdigest()
    broker_checks.require_one_server(settings)
    app = make_app(settings, "coordinator")
    app.conf.task_default_queue = execute_queue(DEFAULT_RUNTIME)  # Flower lists it with the others
    app.conf.task_queues = FarmQueues(broker.client(settings), Keys(settings.key_prefix))
    flower = GuardedFlower(capp=app, options=options, **routes)
    signal.signal(signal.SIGTERM, _stop)
    try:
        flower.start_http_server()
    except OSError as exc:
        raise ConfigError(f"cannot listen on {access.host}:{access.port}: {exc.strerror}") from exc
    try:
        flower.start()
    except (KeyboardInterrupt, SystemExit):
        flower.stop()
    return 0


class FarmQueues:
    """The queues of the workers that live and of the runs that go on, read for each view of Flower's Broker page.

    Flower asks the workers for their queues by remote control, which is off; then it shows those of its application.
    """

    def __init__(self, connection: redis.Redis, keys: Keys) -> None:
        self._redis, self._keys = connection, keys

    def __iter__(self) -> Iterator[Queue]:
        workers = living_workers(self._redis, self._keys)
        runtimes = {name for worker in workers for name in worker.runtimes} | {DEFAULT_RUNTIME}
        environments = {name for worker in workers for name in worker.environments}
        announced = cast(set[bytes], self._redis.smembers(self._keys.generate_queues))
        names = {execute_queue(name) for name in runtimes} | {score_queue(name) for name in environments}
        return map(queue, sorted(names | {name.decode("utf-8", "replace") for name in announced}))


def _stop(*_: object) -> NoReturn:
    sys.exit(0)
