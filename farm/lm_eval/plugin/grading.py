"""Answers of any model into verdicts, by a run of the farm: queue, confined workers, ledger.

The run is named by what it judges, so an evaluation that is started again finds the verdicts that it had.
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from farm.app.home import blob_store, open_ledger
from farm.app.requests import RunOptions
from farm.app.run import refuse_paused, run_to_end
from farm.config import Settings
from farm.datasets.completions import CompletionFile, read_completions
from farm.datasets.resolve import DatasetSource
from farm.datasets.select import Selection
from farm.errors import RunExists, RunIncomplete
from farm.ids import canonical_json, sha256_hex, text_digest
from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.lm_eval.plugin.verdicts import Judged, judged
from farm.planning.plan import Tests, plan_dataset
from farm.planning.plan_grading import plan_grading
from farm.protocols import Protocol
from farm.records import SampleKey, SampleResult, Verdict, default_limits
from farm.results.reporting import judged_samples
from farm.screen.terminal import Terminal
from farm.text import decode


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers to problems of one dataset: (problem id, text), each different one once."""

    source: DatasetSource
    tests: Tests
    given: tuple[tuple[str, str], ...]


def grade(settings: Settings, answers: Answers, protocol: Protocol) -> list[tuple[Judged, Verdict]]:
    """Judge `answers` as `farm grade --protocol` does, as a run.

    Raises RunIncomplete if one stays unjudged: an answer without verdict is no wrong answer.
    """
    with open_ledger(settings) as ledger:
        run_id = _planned(settings, ledger, answers, protocol)
        if ledger.run(run_id).state != "complete":
            ended = run_to_end(settings, ledger, run_id, RunOptions(), display=Terminal(), retry_unjudged=True)
            refuse_paused(run_id, ended)
        return verdicts_of(ledger, run_id)


def verdicts_of(ledger: Ledger, run_id: str) -> list[tuple[Judged, Verdict]]:
    """The verdicts of a run by answer. RunIncomplete if a sample has none that counts."""
    results: dict[SampleKey, Verdict] = {}
    for outcome in judged_samples(ledger, run_id):
        if not isinstance(outcome, SampleResult):
            raise RunIncomplete(
                f"run {run_id}: {outcome.key} is unjudged ({outcome.reason})",
                remedy=f"farm resume {run_id}, then start the evaluation again",
            )
        results[outcome.key] = outcome.verdict
    return [
        (judged(stored.completion.problem_id, decode(stored.text)), results[stored.completion.key])
        for stored in history.completions(ledger, run_id)
    ]


def _planned(settings: Settings, ledger: Ledger, answers: Answers, protocol: Protocol) -> str:
    digests = [[name, text_digest(text)] for name, text in answers.given]
    subject = [protocol.digest(), answers.source.source, answers.source.release, answers.tests, digests]
    run_id = f"lm-eval-grade-{sha256_hex(canonical_json(subject))[:16]}"
    judge = protocol.judge
    wanted = Selection(ids=frozenset(name for name, _ in answers.given))
    with tempfile.TemporaryDirectory(prefix="lm-eval-", dir=settings.home) as folder:
        completions = Path(folder) / "completions.jsonl"
        completions.write_text("".join(json.dumps(row) + "\n" for row in _rows(answers.given)), encoding="ascii")
        dataset = plan_dataset(
            answers.source, wanted, blob_store(settings), tests=answers.tests, skip_bad_rows=False, protocol=None
        )
        with suppress(RunExists):  # an evaluation that was interrupted, or is done once more
            plan_grading(
                ledger, run_id, dataset, CompletionFile(completions, read_completions),
                protocol=protocol, judge=judge, limits=default_limits(judge),
            )  # fmt: skip
    return run_id


def _rows(given: Iterable[tuple[str, str]]) -> Iterable[dict[str, object]]:
    counts: dict[str, int] = defaultdict(int)
    for problem_id, text in given:
        yield {"question_id": problem_id, "index": counts[problem_id], "output": text}
        counts[problem_id] += 1
