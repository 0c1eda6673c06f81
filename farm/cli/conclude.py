"""What `submit`, `grade` and `resume` share: bring up what is needed, drive the run, report it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from farm.app.home import blob_store
from farm.app.reports import report_directory, write_reports
from farm.app.run import RunOptions, detach, refuse_paused, run_to_end
from farm.config import Settings
from farm.coordinator.progress import Ended
from farm.errors import ConfigError, ConflictingResult, RunIncomplete
from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.lm_eval.runs.export import write_harness_files
from farm.lm_eval.runs.files import report_score
from farm.records import UNSANDBOXED
from farm.records.phases import Stage
from farm.reports.sections import finish_with
from farm.reports.table import show
from farm.screen.terminal import Terminal


def drive(settings: Settings, ledger: Ledger, run_id: str, how: RunOptions, *, retry_unjudged: bool = False) -> int:
    """Drive a recorded run to its end and report it; the exit code (0 scored).

    Raises RunIncomplete when samples stay unjudged or the run is paused by the server, Interrupted
    after Ctrl-C; both say how to go on.
    """
    if how.detach:
        return detach(ledger, run_id, how, display=Terminal(), retry_unjudged=retry_unjudged)
    _check_writable(report_directory(settings, run_id, how.out))
    ended = run_to_end(settings, ledger, run_id, how, display=Terminal(), retry_unjudged=retry_unjudged)
    return conclude(ledger, run_id, settings, how, ended)


def conclude(ledger: Ledger, run_id: str, settings: Settings, how: RunOptions, ended: Ended) -> int:
    """Report a drive that ended, on stdout and in files; the exit code, or the error that says how to go on."""
    refuse_paused(run_id, ended)
    if not ledger.run(run_id).spec.judged:
        return show_unjudged(ledger, run_id, report_directory(settings, run_id, how.out))
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


def show_unjudged(ledger: Ledger, run_id: str, folder: Path) -> int:
    """Report a run that farm does not judge: its completions, and lm-eval's score with its files; the exit code.

    Raises RunIncomplete if completions or the score are missing.
    """
    states = history.sample_states(ledger, run_id)
    have = sum(state.completed for state in states)
    task = ledger.run(run_id).spec.eval_task
    click.echo(f"run {run_id}: {have} of {len(states)} completions of task {task}, scored by lm-eval")
    if have < len(states):
        raise RunIncomplete(f"run {run_id} is INCOMPLETE", remedy=f"continue with: farm resume {run_id}")
    if ledger.run(run_id).spec.after_completion is Stage.SCORE:
        report_score(ledger, run_id, folder / "lm-eval")
    return 0


def _check_writable(directory: Path) -> None:
    """Before hours are spent, not after."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise ConfigError(f"cannot make {directory}: {exc.strerror}", remedy="name another folder with --out") from exc
    if not os.access(directory, os.W_OK | os.X_OK):
        raise ConfigError(f"{directory} cannot be written", remedy="name another folder with --out")
