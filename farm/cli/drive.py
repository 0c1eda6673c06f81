"""What `submit`, `grade` and `resume` share: bring up what is needed, drive the run, report it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import click

from farm.cli.home import blob_store
from farm.cli.live import LiveView
from farm.config import Settings
from farm.coordinator import history
from farm.coordinator.details import problem_details
from farm.coordinator.driver import Driver
from farm.coordinator.harness_export import write_harness_files
from farm.coordinator.journal import CANCELLED, INTERRUPTED
from farm.coordinator.ledger import Ledger
from farm.coordinator.lifecycle import Phase
from farm.coordinator.orders import HowToDrive, order_drive
from farm.coordinator.progress import Ended, Progress
from farm.coordinator.reporting import sample_rows, score_run
from farm.coordinator.resuming import check_resumable
from farm.coordinator.servers import window
from farm.embedded import EmbeddedStack, stack_or_cluster
from farm.errors import ConfigError, ConflictingResult, FarmError, Interrupted, RunIncomplete
from farm.inference.auth import bearer
from farm.logs import log_run
from farm.records import UNSANDBOXED, RunSpec
from farm.reports.html.page import write_page
from farm.reports.samples_jsonl import write_samples
from farm.reports.sections import finish_with
from farm.reports.table import show
from farm.reports.write import durable, write_report
from farm.sandbox.confinement import Confinement
from farm.scoring.report import Report
from farm.tasks import broker
from farm.tasks.keys import Keys
from farm.tasks.post import sender
from farm.tasks.signing import signer
from farm.tasks.wire import GenerateConfig

GENERATE_SLOTS_MAX = 512
STOPPING = "stopping: waiting for what is in hand (again: stop now)"


@dataclass(frozen=True, slots=True)
class HowToRun:
    """What decides how a run is driven, not what it scores."""

    workers: int | None = None  # execute slots of the embedded stack
    confinement: Confinement = field(default_factory=Confinement)
    deadline_s: float = 1800.0  # of one request, from its slot on
    stall_s: float = 120.0
    out: Path | None = None
    servers: tuple[str, ...] = ()  # where they are not those of the plan
    detach: bool = False  # leave it to a farm coordinator
    ordered: bool = False  # this is one


def drive(settings: Settings, ledger: Ledger, run_id: str, how: HowToRun, *, retry_unjudged: bool = False) -> int:
    """Drive a recorded run to its end and report it; the exit code (0 scored).

    Raises RunIncomplete when samples stay unjudged or the run is paused by the server, Interrupted
    after Ctrl-C; both say how to go on.
    """
    if how.detach:
        return hand_over(ledger, run_id, how, retry_unjudged=retry_unjudged)
    _check_writable(report_directory(settings, run_id, how.out))
    ended = run_to_end(settings, ledger, run_id, how, retry_unjudged=retry_unjudged)
    return conclude(ledger, run_id, settings, how, ended)


def run_to_end(
    settings: Settings,
    ledger: Ledger,
    run_id: str,
    how: HowToRun,
    *,
    retry_unjudged: bool = False,
    until: Callable[[int], bool] = lambda ended: False,
) -> Ended:
    """Drive a recorded run until nothing is left to do, or it pauses; nothing is written but the ledger.

    It is paused, too, when `until` says so of the number of samples that have ended.

    Raises Interrupted after a second Ctrl-C, SpecMismatch or DigestMismatch for a run that cannot go on as planned.
    """
    spec = ledger.run(run_id).spec
    check_resumable(ledger, run_id, blob_store(settings))
    stack = None if settings.broker_url is not None else _stack(settings, spec, how)
    if stack is None and (how.workers or how.confinement != Confinement()):
        click.echo("caution: --workers, --sandbox and the like are for embedded workers; yours decide", err=True)
    journal = ledger.acquire(run_id, ordered=how.ordered)
    released = False
    try:
        if retry_unjudged:
            journal.retry_unjudged()
        with stopping(STOPPING) as stop, stack_or_cluster(stack, settings) as live_settings:
            connection = broker.client(live_settings)
            post = sender(live_settings, connection)
            model = spec.model.name if spec.model else spec.kind
            token = bearer(settings, spec.model.engine)[0] if spec.model else None
            with (
                log_run(live_settings, run_id, model, token),
                LiveView(generates=spec.generates, judges=spec.judged) as view,
            ):

                def on_progress(progress: Progress) -> None:
                    view.show(progress)
                    if until(progress.phases[Phase.JUDGED] + progress.phases[Phase.UNJUDGED]):
                        stop.set()

                driver = Driver(
                    ledger=ledger, journal=journal, spec=spec, post=post, connection=connection,
                    keys=Keys(live_settings.key_prefix), signer=signer(live_settings), load=blob_store(settings).get,
                    generate=_generate_config(spec, how), on_progress=on_progress,
                    check=stack.check if stack is not None else lambda: None,
                )  # fmt: skip
                released = True  # by the driver, whatever happens from here on
                ended = driver.run(stop)
            post.close()
            connection.close()
    except KeyboardInterrupt:
        with suppress(FarmError):
            journal.release("paused", INTERRUPTED, keep_order=True)
        raise Interrupted(f"run {run_id} is interrupted", remedy=f"continue with: farm resume {run_id}") from None
    finally:
        if not released:
            with suppress(FarmError):
                journal.release("paused", "it did not start", keep_order=how.ordered)
    return ended


def hand_over(ledger: Ledger, run_id: str, how: HowToRun, *, retry_unjudged: bool) -> int:
    """Order a run to be driven by a farm coordinator, and return at once. RunLocked if somebody drives it."""
    if retry_unjudged:
        journal = ledger.acquire(run_id)
        journal.retry_unjudged()
        journal.release("paused", "detached")
    order_drive(ledger, run_id, HowToDrive(deadline_s=how.deadline_s, stall_s=how.stall_s, servers=how.servers))
    click.echo(f"run {run_id} waits for a farm coordinator; follow it: farm watch {run_id}", err=True)
    return 0


def write_reports(settings: Settings, ledger: Ledger, run_id: str, directory: Path) -> tuple[Report, list[Path]]:
    """Write report.json, report.md, report.html and samples.jsonl of a run into a folder."""
    report = score_run(ledger, run_id)
    paths = write_report(report, directory)
    page, samples = directory / "report.html", directory / "samples.jsonl"
    with durable(page) as file:
        write_page(report, problem_details(ledger, run_id, blob_store(settings).get), file)
    write_samples(samples, sample_rows(ledger, run_id))
    return report, [*paths, page, samples]


def report_directory(settings: Settings, run_id: str, out: Path | None) -> Path:
    """Where a run's report goes: `--out`, else under FARM_HOME."""
    return out if out is not None else settings.home / "reports" / run_id


def conclude(ledger: Ledger, run_id: str, settings: Settings, how: HowToRun, ended: Ended) -> int:
    """Report a drive that ended, on stdout and in files; the exit code, or the error that says how to go on."""
    refuse_paused(run_id, ended)
    if not ledger.run(run_id).spec.judged:
        code = show_generated(ledger, run_id)
        if ledger.run(run_id).spec.harness is not None:
            from farm.cli.harness_task import score_harness_task  # it drives, too

            folder = report_directory(settings, run_id, how.out) / "lm-eval"
            for path in score_harness_task(settings, ledger, run_id, folder, ordered=how.ordered):
                click.echo(str(path))
        return code
    report, paths = write_reports(settings, ledger, run_id, report_directory(settings, run_id, how.out))
    show(report, sys.stdout)
    if ledger.run(run_id).spec.harness is not None and report.complete:
        folder = report_directory(settings, run_id, how.out) / "lm-eval"
        paths += write_harness_files(ledger, run_id, folder, blob_store(settings).get)
    for path in paths:
        click.echo(str(path))
    if report.telemetry.sandboxes.get(UNSANDBOXED):
        raise RunIncomplete(
            f"run {run_id} was executed without a sandbox: it has no score",
            remedy=f"judge it again, confined: {finish_with(report)}",
        )
    if not report.complete:
        raise RunIncomplete(
            f"run {run_id} is INCOMPLETE: {report.coverage.unjudged} of {report.coverage.planned} samples are unjudged",
            remedy=f"try them again with: {finish_with(report)}",
        )
    if ended.conflicts:
        raise ConflictingResult(
            f"run {run_id} is complete, but {len(ended.conflicts)} of its samples got a second, different completion, "
            f"{ended.conflicts[0]} first; the first one was recorded and counts",
            remedy="two workers had the same sample, and the server does not honour seeds: see its log",
        )
    return 0


def show_generated(ledger: Ledger, run_id: str) -> int:
    """Say on stdout how many completions a run has that farm does not judge; the exit code.

    Raises RunIncomplete if some are missing.
    """
    states = history.sample_states(ledger, run_id)
    have = sum(state.completed for state in states)
    task = ledger.run(run_id).spec.eval_task
    click.echo(f"run {run_id}: {have} of {len(states)} completions of task {task}, scored by lm-eval")
    if have < len(states):
        raise RunIncomplete(f"run {run_id} is INCOMPLETE", remedy=f"continue with: farm resume {run_id}")
    return 0


def refuse_paused(run_id: str, ended: Ended) -> None:
    """Raise the error that says why a run is paused, and how to go on."""
    if ended.state == "paused":
        resume = f"continue with: farm resume {run_id}"
        if ended.reason == CANCELLED:
            raise RunIncomplete(f"run {run_id} was cancelled; what was done is kept", remedy=resume)
        if ended.reason == INTERRUPTED:
            raise Interrupted(f"run {run_id} is interrupted; what was done is kept", remedy=resume)
        raise RunIncomplete(f"run {run_id} is paused: {ended.reason}", remedy=f"mend that, then {resume}")


def _check_writable(directory: Path) -> None:
    """Before hours are spent, not after."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise ConfigError(f"cannot make {directory}: {exc.strerror}", remedy="name another folder with --out") from exc
    if not os.access(directory, os.W_OK | os.X_OK):
        raise ConfigError(f"{directory} cannot be written", remedy="name another folder with --out")


def _stack(settings: Settings, spec: RunSpec, how: HowToRun) -> EmbeddedStack:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    servers = how.servers or spec.servers
    return EmbeddedStack(
        settings,
        execute_slots=(how.workers or cores) if spec.judged else 0,
        generate_slots=min(window(spec.model.max_concurrency * len(servers)), GENERATE_SLOTS_MAX)
        if spec.model and spec.generates
        else 0,
        servers=servers,
        confinement=how.confinement,
    )


def _generate_config(spec: RunSpec, how: HowToRun) -> GenerateConfig | None:
    if spec.model is None or not spec.generates:
        return None
    return GenerateConfig(
        model=spec.model,
        servers=how.servers or spec.servers,
        sampling=spec.sampling,
        deadline_s=how.deadline_s,
        stall_s=how.stall_s,
    )


@contextmanager
def stopping(words: str) -> Iterator[threading.Event]:
    """An event that Ctrl-C or SIGTERM sets, with these words; a second one raises KeyboardInterrupt."""
    stop = threading.Event()

    def handler(number: int, frame: FrameType | None) -> Any:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        click.echo(words, err=True)

    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
