"""Serves Flower, set up so that it can only read.

Flower is another project's page on our queues. It is read-only (it could otherwise send any task and stop workers),
has a password where other hosts can reach it, and without one refuses requests under another host name. It shows task
events, which workers send only with FARM_TASK_EVENTS=1. Of a job it shows the run and the sample.
"""

from __future__ import annotations

import hashlib
import signal
import sys
from typing import Any, NoReturn

from farm.config import Settings
from farm.errors import ConfigError
from farm.queue.celery_app import make_app
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
    app = make_app(settings, "coordinator")
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


def _stop(*_: object) -> NoReturn:
    sys.exit(0)
