"""A run as its ledger rows tell it, for comparing it with another one."""

from __future__ import annotations

from collections.abc import Sequence

from farm.errors import ConfigError, RunIncomplete
from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.records import SampleKey, SampleResult, Verdict
from farm.results.reporting import judged_samples
from farm.scoring.aggregate import public_spec
from farm.scoring.paired import PairedProblem, PairedRun, PairedSample
from farm.scoring.repeats import repeats
from farm.scoring.report import Repeats, versions_of


def paired_run(ledger: Ledger, run_id: str) -> PairedRun:
    """A run with the verdict, answer and prompt of each sample. RunNotFound, LedgerCorrupt as `score_run`."""
    spec = ledger.run(run_id).spec
    answers = {
        completion.key: (completion.text_sha256, completion.prompt_sha256)
        for completion, _ in history.completion_records(ledger, run_id)
    }
    samples: dict[str, list[PairedSample]] = {}
    runners = set()
    for outcome in judged_samples(ledger, run_id):
        verdict: Verdict | None = None
        if isinstance(outcome, SampleResult):
            verdict = outcome.verdict
            runners.add(outcome.runtime)
        samples.setdefault(outcome.key.problem_id, []).append(_sample(outcome.key, verdict, answers))
    problems = {
        row.problem_id: PairedProblem(row.suite_digest, tuple(samples[row.problem_id]))
        for row in history.problems(ledger, run_id)
        if row.problem_id in samples
    }
    return PairedRun(run_id, public_spec(spec), versions_of(runners), problems)


def runs_as_repeats(runs: Sequence[PairedRun]) -> Repeats:
    """What several runs show as repeats, n samples of a run as n of them, over the problems that all have.

    RunIncomplete if a sample of these is not judged, ConfigError if there are none, or the runs have other
    numbers of samples from problem to problem.
    """
    common = [i for i in runs[0].problems if all(i in run.problems for run in runs)]
    rows = [[sample.verdict for run in runs for sample in run.problems[i].samples] for i in common]
    judged = [[verdict for verdict in row if verdict is not None] for row in rows]
    if sum(map(len, rows)) != sum(map(len, judged)):
        raise RunIncomplete(
            "the runs are not all judged, so they are no repeats yet", remedy="finish them with: farm resume RUN"
        )
    found = repeats(judged)
    if found is None:
        raise ConfigError(f"runs {', '.join(run.run_id for run in runs)} do not have the same problems and samples")
    return found


def _sample(key: SampleKey, verdict: Verdict | None, answers: dict[SampleKey, tuple[str, str | None]]) -> PairedSample:
    answer, prompt = answers.get(key, (None, None))
    return PairedSample(verdict, answer, prompt)
