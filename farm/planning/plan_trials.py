"""A run of trials that harbor judged: recorded with their verdicts, so nothing is left to drive."""

from __future__ import annotations

from collections import defaultdict

from farm.benchmarks.registry import HARBOR
from farm.catalogue.eval_task import EvalTask
from farm.datasets.harbor import HarborEval, Trial
from farm.errors import DatasetError
from farm.ids import canonical_json, sha256_hex
from farm.ledger.ledger import Ledger, PlannedProblem
from farm.planning.plan import Subject
from farm.records import (
    DEFAULT_TOLERANCE,
    CaseResult,
    DatasetRef,
    Difficulty,
    JudgeSpec,
    Limits,
    Reference,
    RunSpec,
    SampleKey,
    SampleResult,
    Sampling,
    Verdict,
)
from farm.records.phases import Stage
from farm.scoring.passk import default_ks
from farm.text import one_line

TOOL = "harbor"


def plan_trials(
    ledger: Ledger, run_id: str, found: HarborEval, source: str, subject: Subject, tasks: list[EvalTask]
) -> RunSpec:
    """Record a run of the trials, a problem a task, and their verdicts. `tasks`: those of the model, for references.

    A trial of which nothing can be said is unjudged, which leaves the run incomplete. DatasetError for names that no
    run can have.
    """
    attempts: dict[str, list[Trial]] = defaultdict(list)
    for trial in found.trials:
        attempts[trial.task].append(trial)
    if too_long := next((name for name in attempts if len(name) > 200), None):
        raise DatasetError(f"the task's name is too long: {one_line(too_long, 60)}", path=source)
    problems = [_problem(name, trials) for name, trials in attempts.items()]
    name = _eval_task(found.dataset)
    own = next((task for task in tasks if task.task_name == name), None)
    spec = RunSpec(
        kind="grade",
        eval_task=name,
        model=subject.model,
        build=subject.build,
        labels=dict(subject.labels),
        protocol=HARBOR.ident,
        protocol_digest=HARBOR.digest(),
        judge=HARBOR.judge,
        sampling=Sampling(n=min(map(len, attempts.values()))),
        limits=Limits(),
        dataset=DatasetRef(
            name=found.dataset,
            source=source,
            digest=sha256_hex(canonical_json(sorted([p.problem_id, p.suite_digest] for p in problems))),
            problems=len(problems),
            selection=f"agent {found.agent}",
        ),
        ks=tuple(default_ks(max(map(len, attempts.values())))),
        references=() if own is None else _references(own, found.agent),
        tolerance=DEFAULT_TOLERANCE if own is None else own.tolerance,
        completions=sha256_hex(canonical_json([[t.name, str(t.verdict)] for t in found.trials])),
        imported_from=TOOL,
    )
    keys = {
        trial.name: SampleKey(trial.task, index) for trials in attempts.values() for index, trial in enumerate(trials)
    }
    ledger.create_run(run_id, spec, problems, keys.values())
    journal = ledger.acquire(run_id)
    suites = {problem.problem_id: problem.suite_digest for problem in problems}
    journal.record_results([
        _result(keys[trial.name], trial, trial.verdict, suites[trial.task])
        for trial in found.trials if trial.verdict is not None
    ])  # fmt: skip
    lacking = [trial for trial in found.trials if trial.verdict is None]
    for trial in lacking:
        journal.record_unjudged([keys[trial.name]], Stage.EXECUTE.value, f"{trial.reason} (harbor, {trial.name})")
    journal.release("incomplete" if lacking else "complete")
    return spec


def _problem(name: str, trials: list[Trial]) -> PlannedProblem:
    """What stands for a test suite is the checksum of the task, so that another version of it is another one."""
    return PlannedProblem(
        problem_id=name, title=name, platform=TOOL, difficulty=Difficulty.UNKNOWN.value, contest_date="", prompt=None,
        suite_digest=sha256_hex(canonical_json([name, trials[0].checksum])), tests=1,
    )  # fmt: skip


def _result(key: SampleKey, trial: Trial, verdict: Verdict, suite: str) -> SampleResult:
    case = CaseResult(index=0, verdict=verdict, detail=one_line(trial.reason, 200))
    return SampleResult(
        problem_id=key.problem_id, index=key.index, verdict=verdict,
        first_failure=None if verdict is Verdict.PASSED else 0, suite_sha256=suite, judge=JudgeSpec(), limits=Limits(),
        detail=one_line(trial.reason, 200), cases=(case,), tests_total=1, sandbox=TOOL, runtime=TOOL,
    )  # fmt: skip


def _eval_task(dataset: str) -> str:
    """tt-inference-server's name of a dataset of harbor: `terminal-bench/terminal-bench-2-1` is terminal_bench_2_1."""
    return dataset.rsplit("/", 1)[-1].lower().replace("-", "_").replace(".", "_") or TOOL


def _references(task: EvalTask, agent: str) -> tuple[Reference, ...]:
    """The scores of others; those of another agent are not compared."""
    unlike = () if not task.setting.harness or f"agent {agent}" in task.setting.harness else ("another agent",)
    return tuple(
        Reference(label=ref.label, score=ref.score, source=f"{ref.source} {ref.date}".strip(), unlike=unlike)
        for ref in task.references
        if not ref.subset
    )
