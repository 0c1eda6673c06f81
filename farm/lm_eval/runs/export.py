"""A judged run of a code task, from its ledger rows into lm-eval's files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from farm.benchmarks.registry import lm_eval_tasks
from farm.errors import RunIncomplete
from farm.ledger import history
from farm.ledger.ledger import Ledger, PlannedProblem, RunRow
from farm.protocols import extract_program, get
from farm.records import Prompt, Protocol, SampleKey, Suite, Verdict
from farm.records.protocol import OWN_CODE
from farm.reports.exports.lm_eval import Document, results_of, sample_line, write
from farm.text import decode


def write_harness_files(ledger: Ledger, run_id: str, folder: Path, load: Callable[[str], bytes]) -> list[Path]:
    """Write results and samples of a run that carries out a code task. `load` gives a stored suite.

    Raises RunIncomplete if a sample has no verdict: lm-eval's files have no word for that.
    """
    run = ledger.run(run_id)
    assert run.spec.harness is not None
    task = lm_eval_tasks()[run.spec.harness.task]
    documents = list(_documents(ledger, run, load))
    finished = run.finished_at or run.created_at
    results = results_of(task, run_id, run.spec, documents, date=run.created_at, seconds=run.active_s)
    lines = (sample_line(task, run.spec, place, document) for place, document in enumerate(documents))
    return write(folder, task, results, lines, finished)


def _documents(ledger: Ledger, run: RunRow, load: Callable[[str], bytes]) -> Iterator[Document]:
    verdicts = history.verdicts(ledger, run.run_id)
    protocol = get(run.spec.protocol)
    for problem in history.problems(ledger, run.run_id):
        keys = [SampleKey(problem.problem_id, index) for index in range(run.spec.sampling.n)]
        if any(key not in verdicts for key in keys):
            raise RunIncomplete(f"run {run.run_id}: a sample of {problem.problem_id} is unjudged")
        own_code = Suite.model_validate_json(load(problem.suite_digest)).own_code if protocol.continues else ""
        answers = [decode(history.completion(ledger, run.run_id, key).text) for key in keys]
        yield Document(
            problem_id=problem.problem_id,
            title=problem.title,
            prompt=_messages(problem),
            answers=tuple(answers),
            programs=tuple(_as_filtered(protocol, answer, own_code) for answer in answers),
            passed=tuple(verdicts[key] is Verdict.PASSED for key in keys),
        )


def _as_filtered(protocol: Protocol, answer: str, own_code: str) -> str:
    """What lm-eval's filter makes of an answer: the problem's own code also where nothing continues it."""
    program = extract_program(protocol, answer, own_code)
    if program.strip():
        return program
    how = protocol.extraction
    return how.before.replace(OWN_CODE, own_code) + program + how.after


def _messages(problem: PlannedProblem) -> str:
    prompt = Prompt.model_validate_json(problem.prompt or "{}")
    return prompt.to_json().decode()
