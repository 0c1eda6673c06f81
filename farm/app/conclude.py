"""The end of what each use case does: drive a recorded run, write its report, say what it lacks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from farm.app.display import Display
from farm.app.home import blob_store, open_ledger
from farm.app.model_servers import ready_servers
from farm.app.reports import report_directory, write_reports
from farm.app.requests import ResumeRequest, RunOptions
from farm.app.run import detach, refuse_paused, run_to_end
from farm.config import Settings
from farm.coordinator.progress import Ended
from farm.errors import ConfigError, ConflictingResult, FarmError, RunIncomplete
from farm.ledger import history
from farm.ledger.counts import run_counts
from farm.ledger.ledger import Ledger
from farm.lm_eval.runs.export import write_harness_files
from farm.lm_eval.runs.files import write_score
from farm.records import TIER_NONE
from farm.records.phases import Stage
from farm.reports.sections import finish_with, way_to_finish
from farm.scoring.report import Report


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run that was driven. `error`: why it has no score, or none to trust, and how to go on."""

    run_id: str
    report: Report | None = None  # None: lm-eval scores it, or it is left to a farm coordinator
    lines: tuple[str, ...] = ()  # of a run that lm-eval scores: how many completions it has, lm-eval's figures
    paths: tuple[Path, ...] = ()  # of the files that were written
    error: FarmError | None = None


def drive(
    settings: Settings,
    ledger: Ledger,
    run_id: str,
    options: RunOptions,
    display: Display,
    *,
    retry_unjudged: bool = False,
) -> Outcome:
    """Drive a recorded run to its end and write its report.

    Raises RunIncomplete when the run is paused by the server, Interrupted after Ctrl-C; both say how to go on.
    """
    if options.detach:
        detach(ledger, run_id, options, display=display, retry_unjudged=retry_unjudged)
        return Outcome(run_id)
    _check_writable(report_directory(settings, run_id, options.out))
    ended = run_to_end(settings, ledger, run_id, options, display=display, retry_unjudged=retry_unjudged)
    return conclude(settings, ledger, run_id, options, ended)


def resume(settings: Settings, request: ResumeRequest, display: Display) -> Outcome:
    """Continue a run; samples that were given up are tried once more. One that is complete is reported again.

    A run that has all its completions needs no model server, so none is asked whether it is ready unless one is named.
    Raises RunNotFound, and what `ready_servers` and `drive` raise.
    """
    settings = request.servers.settings(settings)
    run_id, options = request.run_id, request.options
    with open_ledger(settings) as ledger:
        row = ledger.run(run_id)
        if row.state == "complete":
            return conclude(settings, ledger, run_id, options, Ended("complete"))
        counts = run_counts(ledger, run_id)[run_id]
        to_generate = row.spec.generates and counts.completed < counts.planned
        if row.spec.model is not None and row.spec.kind == "evaluate" and (to_generate or request.servers.urls):
            given = request.servers.urls or row.spec.servers
            ready = ready_servers(
                settings,
                row.spec.model,
                given,
                request.servers.wait_s,
                display,
                row.spec.sampling,
                request.options.drive,
            )
            options = options.on(ready.urls)
        return drive(settings, ledger, run_id, options, display, retry_unjudged=True)


def conclude(settings: Settings, ledger: Ledger, run_id: str, options: RunOptions, ended: Ended) -> Outcome:
    """Write the report of a drive that ended. Raises the error that says how to go on if the run is paused."""
    refuse_paused(run_id, ended)
    spec, folder = ledger.run(run_id).spec, report_directory(settings, run_id, options.out)
    if not spec.judged:
        return unjudged(ledger, run_id, folder)
    report, paths = write_reports(settings, ledger, run_id, folder)
    if spec.harness is not None and report.complete:
        paths += write_harness_files(ledger, run_id, folder / "lm-eval", blob_store(settings).get)
    return Outcome(run_id, report, paths=tuple(paths), error=_lacks(run_id, report, ended))


def unjudged(ledger: Ledger, run_id: str, folder: Path) -> Outcome:
    """A run that farm does not judge: its completions, and lm-eval's score with its files, written below `folder`.

    The outcome's error says if completions or the score are missing.
    """
    states = history.sample_states(ledger, run_id)
    have = sum(state.completed for state in states)
    spec = ledger.run(run_id).spec
    lines = (f"run {run_id}: {have} of {len(states)} completions of task {spec.eval_task}, scored by lm-eval",)
    if have < len(states):
        error = RunIncomplete(f"run {run_id} is INCOMPLETE", remedy=f"continue with: farm resume {run_id}")
        return Outcome(run_id, lines=lines, error=error)
    if spec.after_completion is not Stage.SCORE:
        return Outcome(run_id, lines=lines)
    try:
        figures, paths = write_score(ledger, run_id, folder / "lm-eval")
    except RunIncomplete as exc:
        return Outcome(run_id, lines=lines, error=exc)
    return Outcome(run_id, lines=(*lines, *figures), paths=tuple(paths))


def _lacks(run_id: str, report: Report, ended: Ended) -> FarmError | None:
    """Why the report is no score, or none to trust; None if it is one."""
    if report.telemetry.sandboxes.get(TIER_NONE):
        return RunIncomplete(
            f"run {run_id} was executed without a sandbox: it has no score",
            remedy=f"judge it again, confined: {finish_with(report)}",
        )
    if not report.complete:
        return RunIncomplete(
            f"run {run_id} is INCOMPLETE: {report.coverage.unjudged} of {report.coverage.planned} samples are unjudged",
            remedy=way_to_finish(report),
        )
    if ended.conflicts:
        return ConflictingResult(
            f"run {run_id} is complete, but {len(ended.conflicts)} of its samples got a second, different completion, "
            f"{ended.conflicts[0]} first; the first one was recorded and counts",
            remedy="two workers had the same sample, and the server does not honour seeds: see its log",
        )
    return None


def _check_writable(directory: Path) -> None:
    """Before hours are spent, not after."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise ConfigError(f"cannot make {directory}: {exc.strerror}", remedy="name another folder with --out") from exc
    if not os.access(directory, os.W_OK | os.X_OK):
        raise ConfigError(f"{directory} cannot be written", remedy="name another folder with --out")
