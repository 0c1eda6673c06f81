"""`farm coordinator`: the service behind `farm submit --detach`."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import click

from farm import health
from farm.app.conclude import drive
from farm.app.home import open_ledger
from farm.app.requests import RunOptions
from farm.app.run import stopping
from farm.cli.outcome import tell
from farm.config import Settings, load
from farm.coordinator.supervisor import Service
from farm.errors import (
    BrokerRefuses,
    BrokerUnavailable,
    ConfigError,
    FarmError,
    Interrupted,
    LedgerCorrupt,
    LedgerError,
    RunLocked,
    RunNotOrdered,
)
from farm.ids import check_run_id
from farm.ledger.control import ordered_drive, withdraw_order
from farm.ledger.ledger import Ledger
from farm.processes import start
from farm.queue import broker_checks
from farm.screen.terminal import Terminal
from farm.text import one_line


@click.command()
@click.option("--runs", "most", type=click.IntRange(1, 256), default=8, show_default=True, help="Driven at a time.")
@click.option("--run", "only", metavar="RUN", help="Drive only this one, and end with it.")
def coordinator(most: int, only: str | None) -> int:
    """Drive the runs that were submitted with --detach, each to its end, until told to stop.

    Runs that are under way when it stops, or is killed, go on when it is started again. It needs
    FARM_BROKER_URL, the ledger, and the FARM_HOME in whose store the tests are.
    """
    settings = load()
    if settings.broker_url is None:
        raise ConfigError("FARM_BROKER_URL is not set", remedy="a coordinator drives runs on the workers of that Redis")
    with open_ledger(settings) as ledger:
        if only is not None:
            return _drive_ordered(settings, ledger, _checked(only))
        with suppress(BrokerRefuses):
            broker_checks.ping(settings)  # wrong credentials are better said at once
        service = Service(
            ledger, lambda run_id: _start(settings, run_id), lambda run_id: _last_words(settings, run_id), most, _say,
            lambda: _note(settings),
        )  # fmt: skip
        with stopping("stopping: each run is paused, and goes on with the next farm coordinator", Terminal()) as stop:
            _say(f"driving what is submitted with --detach, {most} at a time")
            service.serve(stop)
    return 0


def _note(settings: Settings) -> None:
    if settings.health_file is not None:
        health.note(settings.health_file)


def _checked(run_id: str) -> str:
    try:
        return check_run_id(run_id)
    except ValueError as exc:
        raise ConfigError(f"--run: {exc}") from exc


def _drive_ordered(settings: Settings, ledger: Ledger, run_id: str) -> int:
    """Drive one run as ordered. An error that will not pass ends the order, so that it is not tried again forever."""
    order = ordered_drive(ledger, run_id)
    if order is None:
        raise RunNotOrdered(f"run {run_id} is not ordered", remedy=f"order it: farm resume {run_id} --detach")
    options = RunOptions(drive=order, by_service=True)
    try:
        return tell(drive(settings, ledger, run_id, options, Terminal()))
    except (BrokerUnavailable, Interrupted, RunLocked, RunNotOrdered):
        raise
    except FarmError as exc:
        ledger_away = isinstance(exc, LedgerError) and not isinstance(exc, LedgerCorrupt)
        if not ledger_away and ordered_drive(ledger, run_id) is not None:
            withdraw_order(ledger, run_id, one_line(str(exc), 500))
        raise


def _start(settings: Settings, run_id: str) -> subprocess.Popen[bytes]:
    log = _log(settings, run_id)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        return start([sys.executable, "-P", "-m", "farm", "coordinator", "--run", run_id], log=sink)


def _log(settings: Settings, run_id: str) -> Path:
    return (settings.log_dir or settings.home / "logs") / "coordinator_logs" / f"{run_id}.log"


def _last_words(settings: Settings, run_id: str) -> str:
    try:
        with _log(settings, run_id).open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - 4096))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return one_line(lines[-1], 300) if lines else ""


def _say(text: str) -> None:
    click.echo(one_line(text, 600), err=True)
