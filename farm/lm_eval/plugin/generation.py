"""A run of the farm for lm-eval's requests: planned once, found again by what it asks, driven to its end.

The run's name is a digest of all that it asks of the model. So an evaluation that was interrupted goes on
where it was, and one that is done once more generates nothing: `label` asks for a new one.
"""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from farm import protocols
from farm.app.home import blob_store, open_ledger
from farm.app.requests import RunOptions
from farm.app.run import refuse_paused, run_to_end
from farm.benchmarks.registry import LM_EVAL
from farm.config import Settings
from farm.datasets.select import Selection
from farm.datasets.store import BlobStore
from farm.errors import RunExists, RunIncomplete
from farm.ids import canonical_json, sha256_hex
from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.lm_eval.plugin import livecodebench, verdicts
from farm.lm_eval.plugin.grading import verdicts_of
from farm.lm_eval.runs.plan import Asked, harness_dataset
from farm.lm_eval.runs.requests import Group, Instance
from farm.planning.plan import PlannedDataset, Rules, Subject, evaluation_spec, plan_dataset, plan_evaluation
from farm.planning.score_inputs import document_name
from farm.records import ServedModel, default_limits
from farm.scoring.passk import default_ks
from farm.screen.terminal import Terminal
from farm.text import decode


@dataclass(frozen=True, slots=True)
class Farm:
    """Where requests go: settings, the model, its server, and how a run is driven."""

    settings: Settings
    model: ServedModel
    server: str
    options: RunOptions
    label: str = ""  # part of a run's name: another label, another run


def generate(farm: Farm, group: Group) -> tuple[str, dict[int, list[str]]]:
    """The run, and the answers to each request of `group`, by the id of its Instance.

    Documents of farm's own `livecodebench` task are judged in the same run, while others are still being
    generated. Raises RunIncomplete if an answer or a verdict is missing, Interrupted after Ctrl-C.
    """
    store = blob_store(farm.settings)
    with open_ledger(farm.settings) as ledger:
        dataset, judged = _dataset(farm.settings, group, store)
        run_id = _plan(farm, ledger, group, dataset, judged=judged)
        if ledger.run(run_id).state == "complete":
            print(f"run {run_id}: all was generated before", file=sys.stderr)  # noqa: T201 - for the user of lm-eval
        else:
            print(f"run {run_id}: {len(group.documents)} requests x {group.sampling.n}", file=sys.stderr)  # noqa: T201
            options = farm.options.on((farm.server,))
            refuse_paused(
                run_id, run_to_end(farm.settings, ledger, run_id, options, display=Terminal(), retry_unjudged=True)
            )
        if judged:
            verdicts.remember(verdicts_of(ledger, run_id))
        return run_id, _answers(ledger, run_id, group)


def _answers(ledger: Ledger, run_id: str, group: Group) -> dict[int, list[str]]:
    texts = {stored.completion.key: decode(stored.text) for stored in history.completions(ledger, run_id)}
    by_problem: dict[str, list[str]] = {}
    for key in sorted(texts):
        by_problem.setdefault(key.problem_id, []).append(texts[key])
    answers = {id(document): by_problem.get(problem_id(document), []) for document in group.documents}
    if any(len(found) != group.sampling.n for found in answers.values()):
        missing = sum(group.sampling.n - len(found) for found in answers.values())
        raise RunIncomplete(
            f"run {run_id}: {missing} answers of task {group.task} could not be generated",
            remedy="start the evaluation again: what is there is kept",
        )
    return answers


def problem_id(document: Instance) -> str:
    """How a document is named in a run: LiveCodeBench's by its question, others by their place."""
    question = document.doc.get("question_id") if isinstance(document.doc, dict) else None
    if isinstance(question, str) and livecodebench.origin_of(question) is not None:
        return question
    return document_name(document.doc_id)


def _plan(farm: Farm, ledger: Ledger, group: Group, dataset: PlannedDataset, *, judged: bool) -> str:
    """The id of the run for these requests; recorded now, if it was not before."""
    model = farm.model.model_copy(update={"chat": group.chat})
    protocol = protocols.get(livecodebench.PROTOCOL) if judged else LM_EVAL
    asked = [[p.problem_id, p.prompt, p.suite_digest] for p in dataset.problems]
    subject: list[Any] = [model.repo, model.device, group.chat, protocol.digest(), group.task, asked, farm.label]
    subject.append(group.sampling.model_dump(mode="json"))
    slug = re.sub(r"[^a-z0-9]+", "-", group.task.lower()).strip("-")[:30]
    run_id = f"lm-eval-{slug}-{sha256_hex(canonical_json(subject))[:16]}"
    rules = Rules(
        eval_task="livecodebench" if judged else group.task,
        protocol=protocol,
        judge=protocol.judge,
        sampling=group.sampling,
        limits=default_limits(protocol.judge),
        ks=tuple(default_ks(group.sampling.n)),
        judged=judged,
    )
    with suppress(RunExists):  # interrupted, or asked once more
        plan_evaluation(ledger, run_id, dataset, evaluation_spec(dataset, Subject(model), (farm.server,), rules))
    return run_id


def _dataset(settings: Settings, group: Group, store: BlobStore) -> tuple[PlannedDataset, bool]:
    """The documents as problems, and whether farm judges them."""
    prompts = [prompt.to_json().decode() for prompt in group.prompts]
    names = [problem_id(document) for document in group.documents]
    origins = {livecodebench.origin_of(name) for name in names}
    origin = origins.pop() if len(origins) == 1 else None
    if origin is not None:
        dataset = plan_dataset(
            origin.source,
            Selection(ids=frozenset(names)),
            store,
            tests=origin.tests,
            skip_bad_rows=False,
            protocol=None,
        )
        prompt_of = dict(zip(names, prompts, strict=True))
        problems = tuple(replace(problem, prompt=prompt_of[problem.problem_id]) for problem in dataset.problems)
        return replace(dataset, problems=problems), True
    asked = [
        Asked(name, prompt, _document(document))
        for name, prompt, document in zip(names, prompts, group.documents, strict=True)
    ]
    return harness_dataset(group.task, asked, store), False


def _document(document: Instance) -> bytes:
    return canonical_json({"task": document.task_name, "doc": plain(document.doc)})


def plain(value: Any) -> Any:
    """A document as JSON can hold it: what is neither text, number, list nor object is described."""
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and value == value and abs(value) != float("inf"):
        return value
    return str(value)
