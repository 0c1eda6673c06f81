"""Flower, set up so that it shows much and can do nothing.

It is a foreign page on our queues: read-only (else it can send any task and stop workers), behind a password where
others can reach it, and fed by task events, which workers send only with FARM_TASK_EVENTS=1. It shows of a job which
sample of which run it is of; no message has more to show.
"""

from __future__ import annotations

import hashlib
import signal
import sys
from typing import NoReturn

from farm.config import Settings
from farm.errors import ConfigError
from farm.monitor.access import USER, Access
from farm.queue.celery_app import make_app

TASKS_KEPT = 20_000  # of Flower's memory; its own default is 100,000
COLUMNS = "name,kwargs,state,received,started,runtime,worker,uuid"


def run_flower(settings: Settings, access: Access) -> int:
    """Serve Flower until told to stop; the exit code. ConfigError when the extra is missing."""
    try:
        from flower.app import Flower
        from flower.urls import settings as routes
        from tornado.options import options
    except ImportError as exc:
        raise ConfigError("Flower is not installed", remedy="pip install 'farm[flower]'") from exc
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
    flower = Flower(capp=app, options=options, **routes)
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
