"""The report of a suite, from the rows of its runs in the ledger."""

from __future__ import annotations

from typing import Any

from farm.errors import RunIncomplete
from farm.ledger.counts import run_counts
from farm.ledger.ledger import Ledger, RunRow
from farm.lm_eval.runs.files import harness_score
from farm.records.suites import SuiteRun, SuiteSpec, SuiteTask
from farm.results.reporting import score_run
from farm.scoring.harness.groups import group_figures
from farm.scoring.harness.score import check, score_of
from farm.scoring.harness.suite import SuiteReport, TaskScore


def score_suite(ledger: Ledger, suite_id: str, spec: SuiteSpec) -> SuiteReport:
    """The report of a suite from its runs' rows in the ledger."""
    rows: list[TaskScore] = []
    for task in spec.tasks:
        if not task.runs:
            rows.append(TaskScore(task=task.task, state="failed" if task.failed else "not run", why=task.not_run))
        elif task.groups:
            rows += _group_rows(ledger, task)
        else:
            rows.append(_run_row(ledger, task.runs[0]))
    return SuiteReport(suite_id=suite_id, spec=spec, rows=tuple(rows))


def _run_row(ledger: Ledger, member: SuiteRun, part_of: str = "") -> TaskScore:
    run = ledger.run(member.run_id)
    row = _judged(ledger, member.task, run) if run.spec.judged else _scored(ledger, member.task, run)
    return row.model_copy(update={"part_of": part_of, "run_id": run.run_id})


def _judged(ledger: Ledger, task: str, run: RunRow) -> TaskScore:
    """A run that farm judges. On the documents of a mode its own references decide as for lm-eval's tasks."""
    report = score_run(ledger, run.run_id)
    score = report.pass_at_1
    if score is None:
        unjudged = f"{report.coverage.unjudged} of {report.coverage.planned} samples are not judged"
        return TaskScore(task=task, state="incomplete", why=run.reason or unjudged)
    percent = score.score * 100
    answer, decided_by = check(percent, run.spec.references, run.spec.tolerance, report.first_sample.problems)
    return TaskScore(
        task=task, state="complete", measure="pass@1", score=percent, documents=report.first_sample.problems,
        check=answer, decided_by=decided_by, references=run.spec.references,
    )  # fmt: skip


def _scored(ledger: Ledger, task: str, run: RunRow) -> TaskScore:
    """A run that lm-eval scores. Where the task does not say what its score is, the first figure is shown."""
    spec = run.spec
    try:
        found = harness_score(ledger, run.run_id)
    except RunIncomplete:
        counts = run_counts(ledger, run.run_id)[run.run_id]
        waits = f"{counts.completed} of {counts.planned} answers are there, and no score"
        return TaskScore(task=task, state="incomplete", why=run.reason or waits)
    keys = (spec.harness.result_keys if spec.harness is not None else ()) or _first_key(found.figures)
    measure = ", ".join(keys[:1] if found.score is None or len(keys) == 1 else keys)
    score = found.score if found.score is not None else score_of(task, keys, "", {task: found.figures})
    return TaskScore(
        task=task, state="complete", measure=measure, score=score, stderr=_stderr(found.figures, keys),
        documents=spec.dataset.problems, check=found.check, decided_by=found.decided_by, references=spec.references,
    )  # fmt: skip


def _group_rows(ledger: Ledger, task: SuiteTask) -> list[TaskScore]:
    """The group, the groups inside it, and the tasks of all."""
    parts = [_run_row(ledger, run, part_of=task.task) for run in task.runs]
    figures: dict[str, dict[str, Any]] = {}
    sizes = {}
    for run, part in zip(task.runs, parts, strict=True):
        if part.state == "complete":
            figures[run.task], sizes[run.task] = harness_score(ledger, run.run_id).figures, part.documents or 0
    whole: dict[str, dict[str, Any]] = {group.name: group_figures(group, figures, sizes) for group in task.groups}
    missing = [part.task for part in parts if part.state != "complete"]
    keys = task.result_keys or _first_key(whole[task.groups[0].name])
    score = score_of(task.task, keys, task.score_func, {**figures, **whole}) if not missing else None
    answer, decided_by = check(score, task.references, task.tolerance, None)
    why = f"{len(missing)} of {len(parts)} tasks have no score" if missing else ""
    if not missing and score is None:
        why = "lm-eval has no figure for the whole group"
    own = TaskScore(
        task=task.task, state="incomplete" if missing else "complete", why=why, measure=", ".join(_named(keys)),
        score=score, stderr=_stderr(whole[task.groups[0].name], [key for key in keys if isinstance(key, str)]),
        documents=sum(sizes.values()), check=answer, decided_by=decided_by, references=task.references,
    )  # fmt: skip
    inner = [_inner(name, whole[name], task.task) for name in whole if name != task.groups[0].name and whole[name]]
    return [own, *inner, *parts]


def _inner(name: str, figures: dict[str, Any], part_of: str) -> TaskScore:
    keys = _first_key(figures)
    score = score_of(name, keys, "", {name: figures})
    return TaskScore(task=name, part_of=part_of, state="complete", measure=", ".join(keys), score=score)


def _first_key(figures: dict[str, Any]) -> tuple[str, ...]:
    """lm-eval's first figure that is no error, by name; none if there is none."""
    return tuple(sorted(key for key in figures if "," in key and "_stderr" not in key)[:1])


def _named(keys: tuple[str | tuple[str, ...], ...]) -> list[str]:
    return sorted({key if isinstance(key, str) else key[-1] for key in keys})


def _stderr(figures: dict[str, Any], keys: Any) -> float | None:
    """Of a score of one figure, in points."""
    if len(keys) != 1:
        return None
    metric, _, name = keys[0].partition(",")
    value = figures.get(f"{metric}_stderr,{name}")
    return 100 * float(value) if isinstance(value, int | float) else None
