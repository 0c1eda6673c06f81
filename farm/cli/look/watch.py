"""`farm status`, `farm watch` and `farm cancel`: a run as seen, and stopped, from elsewhere.

The ledger says what is recorded and who drives the run. The picture that its coordinator keeps in Redis adds the
requests and programs that are running now. Either is enough to watch a run; to cancel one the ledger is needed.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click
import redis
from redis.exceptions import RedisError

from farm.app.home import open_ledger
from farm.cli.options.run_name import RUN
from farm.config import load
from farm.coordinator.announcement import shown_progress
from farm.coordinator.progress import Progress
from farm.errors import ConfigError, Interrupted, RunIncomplete, RunNotFound
from farm.ledger.control import order_cancel, ordered_drive
from farm.ledger.counts import RunCounts, run_counts
from farm.ledger.journal import CANCELLED
from farm.ledger.ledger import Ledger, RunRow
from farm.queue import broker, broker_checks
from farm.queue.redis_keys import Keys
from farm.records.phases import Phase
from farm.screen.live import LiveView
from farm.text import clock

EVERY_S = 1.0
CANCEL_WAIT_S = 60.0  # the driver looks each second, and waits for the jobs that workers have begun
ENDED = ("complete", "incomplete")
OTHER_REDIS = "what runs now is not known here: FARM_BROKER_URL is not its coordinator's"


@dataclass(frozen=True, slots=True)
class RunView:
    """What can be seen of a run now. Without a row the ledger here does not have it."""

    row: RunRow | None
    counts: RunCounts
    picture: Progress | None
    ordered: bool = False  # a coordinator service is to drive it

    @property
    def over(self) -> bool:
        """Whether there is nothing to wait for."""
        if self.row is None:
            return self.picture is None
        return self.row.state in ENDED or (self.row.state != "running" and not self.ordered)

    def progress(self) -> Progress:
        """The coordinator's own picture, else one from what is recorded."""
        if self.picture is not None:
            return self.picture
        assert self.row is not None
        notice = OTHER_REDIS if self.row.state == "running" else "waits for a coordinator (farm coordinator)"
        return Progress(self.counts.phases(), dict(self.counts.verdicts), 0, 0, 0, self.row.active_s, notice)


class RunObserver:
    """The ledger and, where FARM_BROKER_URL is set, Redis. Use as a context manager."""

    def __init__(self, run_id: str, ledger: Ledger, connection: redis.Redis | None, keys: Keys) -> None:
        self._run_id, self._ledger, self._redis, self._keys = run_id, ledger, connection, keys

    def look(self) -> RunView:
        """RunNotFound if neither the ledger nor Redis knows the run."""
        shown = self._picture()
        try:
            row = self._ledger.run(self._run_id)
        except RunNotFound:
            if shown is None:
                raise
            return RunView(None, RunCounts(), shown)
        if row.state != "running":
            shown = None  # it may outlive a coordinator by a few seconds
        counts = run_counts(self._ledger, self._run_id).get(self._run_id, RunCounts())
        return RunView(row, counts, shown, ordered_drive(self._ledger, self._run_id) is not None)

    def look_again(self) -> RunView:
        """As `look`, of a run that was there; one that only Redis knew may be gone."""
        try:
            return self.look()
        except RunNotFound:
            return RunView(None, RunCounts(), None)

    def _picture(self) -> Progress | None:
        try:
            return None if self._redis is None else shown_progress(self._redis, self._keys, self._run_id)
        except RedisError:
            return None


@contextmanager
def observed(run_id: str) -> Iterator[RunObserver]:
    settings = load()
    if settings.broker_url is not None:
        broker_checks.require_one_server(settings)
    connection = broker.client(settings, retries=0) if settings.broker_url is not None else None
    try:
        with open_ledger(settings) as ledger:
            yield RunObserver(run_id, ledger, connection, Keys(settings.key_prefix))
    finally:
        if connection is not None:
            connection.close()


@click.command()
@click.argument("run_id", type=RUN, metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(run_id: str, as_json: bool) -> None:
    """Say how far a run is, who drives it and what is running now."""
    with observed(run_id) as run:
        view = run.look()
    facts = _facts(run_id, view)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        shown = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        if shown:
            click.echo(f"{name:{width}}  {shown}")


@click.command()
@click.argument("run_id", type=RUN, metavar="RUN")
def watch(run_id: str) -> int:
    """Follow a run that is driven elsewhere, until it ends or pauses. Ctrl-C ends only the watching."""
    try:
        with observed(run_id) as run:
            view = _follow(run)
    except KeyboardInterrupt:
        raise Interrupted(f"no longer watching run {run_id}; it goes on") from None
    if view.row is None:
        click.echo(f"run {run_id} ended, or its coordinator is gone: its ledger is not here")
        return 0
    if view.row.state == "complete":
        click.echo(f"run {run_id} is complete; its score: farm report {run_id}")
        return 0
    reason = f": {view.row.reason}" if view.row.reason else ""
    raise RunIncomplete(f"run {run_id} is {view.row.state}{reason}", remedy=f"continue with: farm resume {run_id}")


def _follow(run: RunObserver) -> RunView:
    never = threading.Event()
    view = run.look()
    with _live_view(view) as live:
        while not view.over:
            live.show(view.progress())
            never.wait(EVERY_S)
            view = run.look_again()
        if view.row is not None:
            live.show(view.progress())
    return view


def _live_view(view: RunView) -> LiveView:
    if view.row is None:
        return LiveView(generates=True)
    return LiveView(generates=view.row.spec.generates)


@click.command()
@click.argument("run_id", type=RUN, metavar="RUN")
def cancel(run_id: str) -> None:
    """Pause a run, wherever it is driven. What is recorded is kept; farm resume goes on from there."""
    with open_ledger(load()) as ledger:
        if ledger.run(run_id).finished_at is not None:  # but a service may be about to try it once more
            if ordered_drive(ledger, run_id) is None:
                raise ConfigError(f"run {run_id} has ended: there is nothing to cancel")
            order_cancel(ledger, run_id)
            click.echo(f"run {run_id} has ended, and its order is withdrawn; order it again: farm resume {run_id}")
            return
        if not order_cancel(ledger, run_id):
            click.echo(f"run {run_id}: asked its coordinator to stop", err=True)
            _wait_for_driver(ledger, run_id)
        row = ledger.run(run_id)
    if row.state in ENDED:
        click.echo(f"run {run_id} ended before it could be cancelled: {row.state}")
    else:
        click.echo(f"run {run_id} is {CANCELLED}; continue with: farm resume {run_id}")


def _wait_for_driver(ledger: Ledger, run_id: str) -> None:
    never, deadline = threading.Event(), time.monotonic() + CANCEL_WAIT_S
    while ledger.run(run_id).state == "running":
        if time.monotonic() > deadline:
            raise RunIncomplete(
                f"run {run_id}: its coordinator has not stopped yet", remedy=f"look again: farm status {run_id}"
            )
        never.wait(0.2)


# --- telling ----------------------------------------------------------------------------------------


def progress_text(counts: RunCounts, *, generates: bool, judges: bool = True) -> str:
    """A run's counts in a few words, as `farm runs` has them."""
    if not judges:
        return f"{counts.completed}/{counts.planned} generated"
    generated = f"{counts.completed} generated, " if generates and counts.completed < counts.planned else ""
    unjudged = f", {counts.unjudged} UNJUDGED" if counts.unjudged else ""
    return f"{generated}{counts.judged}/{counts.planned} judged{unjudged}"


def _facts(run_id: str, view: RunView) -> dict[str, Any]:
    facts: dict[str, Any] = {"run": run_id}
    if view.row is not None:
        facts |= _recorded(view.row, view)
    if view.picture is not None:
        phases = view.picture.phases
        if view.row is None:
            facts["samples"] = {"planned": sum(phases.values()), "judged": phases[Phase.JUDGED]}
            facts["verdicts"] = view.picture.verdicts
        facts["now"] = {"in flight": view.picture.in_flight, "executing": phases[Phase.EXECUTING]}
        facts["notice"] = view.picture.notice
    return facts


def _recorded(row: RunRow, view: RunView) -> dict[str, Any]:
    spec, counts = row.spec, view.counts
    samples = {"planned": counts.planned, "generated": counts.completed, "judged": counts.judged}
    samples |= {"UNJUDGED": counts.unjudged} if counts.unjudged else {}
    idle = "none yet: it waits for a farm coordinator" if view.ordered else "none"
    return {
        "state": f"{row.state} ({row.reason})" if row.reason else row.state,
        "driven by": row.owner if row.state == "running" else idle,
        "planned at": datetime.fromtimestamp(row.created_at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        "driven for": clock(row.active_s),
        "model": f"{spec.model.repo} on {spec.model.device}" if spec.model else "",
        "protocol": spec.protocol,
        "dataset": f"{spec.dataset.name}, {spec.dataset.problems} problems",
        "samples": samples,
        "verdicts": dict(sorted(counts.verdicts.items())),
    }
