"""`farm flower` and `farm exporter`."""

from __future__ import annotations

import click

from farm.cli.operate.worker import BROKER, settings_of


@click.command()
@BROKER
@click.option("--listen", default="127.0.0.1:5555", show_default=True, metavar="HOST:PORT")
def flower(broker_url: str | None, listen: str) -> int:
    """Serve Flower: the queues' tasks and workers, read-only, for user `farm` with FARM_WEB_PASSWORD.

    It shows what workers tell it: start them with FARM_TASK_EVENTS=1.
    """
    from farm.monitor.flower import run_flower
    from farm.web.access import access

    settings = settings_of(broker_url)
    return run_flower(settings, access(settings, listen))


@click.command()
@BROKER
@click.option("--listen", default="127.0.0.1:9808", show_default=True, metavar="HOST:PORT")
def exporter(broker_url: str | None, listen: str) -> int:
    """Serve metrics of runs, queues and workers for Prometheus (/metrics), and a page of them (/).

    Reads the ledger and Redis; user `farm` with FARM_WEB_PASSWORD.
    """
    from farm.monitor.serve import serve
    from farm.web.access import access

    settings = settings_of(broker_url)
    return serve(settings, access(settings, listen))
