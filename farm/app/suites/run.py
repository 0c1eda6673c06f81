"""Planning, driving and reporting a suite.

All runs are recorded before the first one is driven, so that a wrong task shows at once, and a resume needs nothing
but the ledger. The runs share the model servers' slots as any runs do. One is driven at a time, unless they are left
to a farm coordinator, which drives all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from farm.app.conclude import drive, resume
from farm.app.display import Display
from farm.app.home import open_ledger
from farm.app.model_servers import completed
from farm.app.reports import report_directory
from farm.app.requests import ResumeRequest, RunOptions, SubmitRequest
from farm.app.servers.served import served_model
from farm.app.submit import Prepared, prepare
from farm.app.suites.choose import ChosenTask, chosen_tasks
from farm.catalogue.eval_task import EvalTask
from farm.catalogue.eval_tasks import tasks_of
from farm.config import Settings
from farm.errors import ConfigError, FarmError, InferenceError, Interrupted, RunIncomplete
from farm.ids import new_run_id, sha256_hex
from farm.ledger.ledger import Ledger
from farm.ledger.suites import create_suite, find_suite, refuse_taken
from farm.lm_eval.runs.group import plan_group
from farm.lm_eval.runs.suite_score import score_suite
from farm.lm_eval.runs.task_names import is_group
from farm.planning.plan import plan_evaluation
from farm.planning.references import lm_eval_references
from farm.records import ServedModel
from farm.records.suites import SuiteRun, SuiteSpec, SuiteTask
from farm.reports.suite.page import suite_page
from farm.reports.suite.sections import as_markdown
from farm.reports.write import durable
from farm.scoring.harness.suite import SuiteReport


@dataclass(frozen=True, slots=True)
class SuiteOutcome:
    """What became of a suite. `error`: why it is not complete, and how to go on."""

    suite_id: str
    report: SuiteReport | None  # None: its runs are left to a farm coordinator
    paths: tuple[Path, ...] = ()
    error: FarmError | None = None


def is_suite(request: SubmitRequest) -> bool:
    """Whether a request means several runs: all tasks of a model, or a group of lm-eval."""
    task = request.task
    return request.suite is not None or (task is not None and is_group(task.name, task.include_path))


def suite_lines(settings: Settings, request: SubmitRequest, display: Display) -> Iterator[str]:
    """What a suite would run. Nothing is sent, installed or recorded; raises as `submit_suite`."""
    request = completed(settings, request, display, ask=False)
    model, evals = _model(settings, request, display)
    yield "dry run: nothing is sent, installed or recorded"
    yield f"model: {model.repo} on {model.device}"
    if request.suite is None:
        assert request.task is not None
        for group in plan_group(settings, request.task, model.name, display.say, install=False):
            yield f"group {group.name}: {len(group.tasks)} tasks: {', '.join(group.tasks)}"
        return
    yield f"mode: {request.suite.mode}"
    yield from (chosen.in_words() for chosen in chosen_tasks(request, model, evals))


def submit_suite(settings: Settings, request: SubmitRequest, display: Display) -> SuiteOutcome:
    """Plan all runs of a suite, and drive them.

    A task that cannot be planned is named and leaves the suite incomplete; ConfigError if none can be. Raises
    RunExists for a name that is taken, and Interrupted with the command that goes on.
    """
    settings = request.servers.settings(settings)
    request = completed(settings, request, display)
    model, evals = _model(settings, request, display)
    label = "all-tasks" if request.task is None else request.task.name
    suite_id = request.run_id or new_run_id(f"{model.name}-{label}")
    with open_ledger(settings) as ledger:
        refuse_taken(ledger, suite_id)
        planner = _Planner(settings, ledger, display, suite_id, model.name)
        if request.suite is None:
            assert request.task is not None
            own = next((task for task in evals if task.task_name == request.task.name), None)
            tasks = [planner.group(request, own)]
        else:
            tasks = [planner.task(chosen) for chosen in chosen_tasks(request, model, evals)]
        mode = request.suite.mode if request.suite is not None else "full"
        spec = SuiteSpec(model=model.name, device=model.device, mode=mode, tasks=tuple(tasks))
        if not spec.runs:
            reasons = "; ".join(f"{task.task}: {task.not_run}" for task in tasks)
            raise ConfigError(f"no task of {model.name} can be run here: {reasons}")
        create_suite(ledger, suite_id, spec)
        display.say(f"suite {suite_id}: {len(spec.runs)} runs of {len(tasks)} tasks")
        return _drive(settings, ledger, suite_id, spec, request.options, display)


def resume_suite(settings: Settings, request: ResumeRequest, display: Display) -> SuiteOutcome | None:
    """Go on with the runs of a suite that are not complete; None if `request` names no suite."""
    with open_ledger(settings) as ledger:
        spec = find_suite(ledger, request.run_id)
        if spec is None:
            return None
        return _drive(settings, ledger, request.run_id, spec, request.options, display, request)


def report_suite(settings: Settings, suite_id: str, out: Path | None) -> SuiteOutcome | None:
    """Write the report of a suite as it stands; None if there is none of that name."""
    with open_ledger(settings) as ledger:
        spec = find_suite(ledger, suite_id)
        return None if spec is None else _outcome(settings, ledger, suite_id, spec, out)


# --- planning -----------------------------------------------------------------------------------


class _Planner:
    """Records the runs of a suite's tasks."""

    def __init__(self, settings: Settings, ledger: Ledger, display: Display, suite_id: str, model: str) -> None:
        self._settings, self._ledger, self._display = settings, ledger, display
        self._suite_id, self._model, self._number = suite_id, model, 0

    def task(self, chosen: ChosenTask) -> SuiteTask:
        """One of a model's tasks, with its runs recorded; with the reason where it has none."""
        name = chosen.task.task_name
        if chosen.request is None:
            self._display.say(f"task {name} is not run here: {chosen.why}")
            return SuiteTask(task=name, not_run=chosen.why)
        try:
            if is_group(name):
                return self.group(chosen.request, chosen.task)
            return SuiteTask(task=name, runs=(self._run(chosen.request, name)[0],))
        except (Interrupted, InferenceError):  # no ready server: of no task of this model
            raise
        except FarmError as exc:
            self._display.say(f"caution: task {name} cannot be planned: {exc}")
            return SuiteTask(task=name, not_run=str(exc), failed=True)

    def group(self, request: SubmitRequest, own: EvalTask | None) -> SuiteTask:
        """A group of lm-eval: a run for each task below it. `own`: the group as a task of the model, if it is one."""
        assert request.task is not None
        groups = plan_group(self._settings, request.task, self._model, self._display.say, install=True)
        environment = request.task.environment
        runs: list[SuiteRun] = []
        first: Prepared | None = None
        for name in groups[0].tasks:
            task = replace(request.task, name=name, environment=environment)
            run, prepared = self._run(replace(request, task=task), name)
            runs.append(run)
            first = first or prepared
        assert first is not None
        found = SuiteTask(task=request.task.name, runs=tuple(runs), groups=tuple(groups))
        if own is None:
            return found
        selection = request.problems.selection
        references = lm_eval_references(
            own,
            first.spec.sampling,
            num_fewshot=request.task.num_fewshot or 0,
            all_documents=selection.first is None and selection.places is None and selection.limit is None,
            subset=request.mode,
        )
        return found.model_copy(
            update={
                "references": references,
                "result_keys": own.result_keys,
                "score_func": own.score_func,
                "tolerance": own.tolerance,
            }
        )

    def _run(self, request: SubmitRequest, task: str) -> tuple[SuiteRun, Prepared]:
        self._number += 1
        run_id = member_name(self._suite_id, self._number, task)
        prepared = prepare(self._settings, replace(request, run_id=run_id), self._display)
        plan_evaluation(self._ledger, run_id, prepared.dataset, prepared.spec)
        requests = prepared.spec.dataset.problems * prepared.spec.sampling.n
        self._display.say(f"run {run_id}: {requests} requests of {task}")
        return SuiteRun(task=task, run_id=run_id), prepared


def member_name(suite_id: str, number: int, task: str) -> str:
    """The id of a suite's run: unlike those of its other runs, and of other suites, however long the names are."""
    head = suite_id if len(suite_id) <= 48 else f"{suite_id[:41]}-{sha256_hex(suite_id.encode())[:6]}"
    slug = re.sub(r"[^a-z0-9]+", "-", task.lower())
    return f"{head}-{number:02}-{slug}"[:64].rstrip("-")


# --- driving ------------------------------------------------------------------------------------


def _drive(
    settings: Settings,
    ledger: Ledger,
    suite_id: str,
    spec: SuiteSpec,
    options: RunOptions,
    display: Display,
    resumed: ResumeRequest | None = None,
) -> SuiteOutcome:
    """Drive each run that is not complete. One that fails or pauses keeps no other from being driven."""
    for member in spec.runs:
        if ledger.run(member.run_id).state == "complete":
            continue
        out = options.out / member.run_id if options.out is not None else None
        own = replace(options, out=out)
        display.say(f"task {member.task}, run {member.run_id}")
        try:
            if resumed is None:
                drive(settings, ledger, member.run_id, own, display)
            else:
                resume(settings, replace(resumed, run_id=member.run_id, options=own), display)
        except Interrupted as exc:
            raise Interrupted(
                f"suite {suite_id} is interrupted", remedy=f"continue with: farm resume {suite_id}"
            ) from exc
        except FarmError as exc:
            display.say(f"caution: {exc}")
    if options.detach:
        display.say(f"when its runs are done: farm report {suite_id}")
        return SuiteOutcome(suite_id, None)
    return _outcome(settings, ledger, suite_id, spec, options.out)


def _outcome(settings: Settings, ledger: Ledger, suite_id: str, spec: SuiteSpec, out: Path | None) -> SuiteOutcome:
    report = score_suite(ledger, suite_id, spec)
    paths = tuple(_write(settings, report, report_directory(settings, suite_id, out), out))
    error: FarmError | None = None
    if any(row.state == "incomplete" for row in report.tasks):
        error = RunIncomplete(f"suite {suite_id} is INCOMPLETE", remedy=f"continue with: farm resume {suite_id}")
    elif any(row.state == "failed" for row in report.tasks):
        names = ", ".join(row.task for row in report.tasks if row.state == "failed")
        error = RunIncomplete(
            f"suite {suite_id} is INCOMPLETE: {names} could not be planned", remedy="run each alone: farm submit --task"
        )
    return SuiteOutcome(suite_id, report, paths, error)


def _write(settings: Settings, report: SuiteReport, folder: Path, out: Path | None) -> Iterator[Path]:
    """The suite's report as JSON, Markdown and a page, whose tasks lead to the pages of their runs."""
    addresses = {}
    for row in report.rows:
        page = report_directory(settings, row.run_id, out / row.run_id if out is not None else None) / "report.html"
        if row.run_id and page.exists():
            addresses[row.task] = page.absolute().as_uri()
    texts = {
        "suite.json": report.model_dump_json(indent=2) + "\n",
        "suite.md": as_markdown(report),
        "suite.html": suite_page(report, addresses),
    }
    for name, text in texts.items():
        with durable(folder / name) as file:
            file.write(text.encode())
        yield folder / name


def _model(settings: Settings, request: SubmitRequest, display: Display) -> tuple[ServedModel, list[EvalTask]]:
    catalogue, _, model = served_model(settings, request, display)
    return model, tasks_of(model.name, catalogue.evals)
