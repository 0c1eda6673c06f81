"""From lm-eval's plan of a task to a run of the farm that generates the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from farm.datasets.store import BlobStore
from farm.errors import ConfigError
from farm.ids import canonical_json, sha256_hex
from farm.ledger.ledger import PlannedProblem
from farm.lm_eval.runs.requests import prompt_of, sampling_of
from farm.planning.plan import PlannedDataset
from farm.planning.score_inputs import document_name
from farm.records import DatasetRef, Difficulty, Sampling


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its name in the run, its prompt as JSON, and the document that an answer is scored by."""

    name: str
    prompt: str
    document: bytes


def harness_dataset(task: str, asked: Sequence[Asked], store: BlobStore) -> PlannedDataset:
    """The requests as problems of a run that judges nothing. What stands for a test suite is the document."""
    problems = tuple(
        PlannedProblem(
            problem_id=each.name,
            title=task,
            platform="lm-eval",
            difficulty=Difficulty.UNKNOWN.value,
            contest_date="",
            prompt=each.prompt,
            suite_digest=store.put(each.document),
            tests=1,
        )
        for each in asked
    )
    digest = sha256_hex(canonical_json([[p.problem_id, p.prompt, p.suite_digest] for p in problems]))
    return PlannedDataset(DatasetRef(name=task, source="lm-eval", digest=digest, problems=len(problems)), problems)


def planned_requests(plan: dict[str, Any], *, n: int | None, seed: int) -> tuple[list[Asked], Sampling]:
    """What the plan of a task asks, and how. ConfigError for a task whose requests are not all asked alike."""
    task, rows = plan["task"], plan["rows"]
    ways = {canonical_json([row["kwargs"], row["repeats"]]) for row in rows}
    if len(ways) != 1:
        raise ConfigError(f"task {task} asks its documents in {len(ways)} ways: a run has one sampling")
    sampling = sampling_of(rows[0]["kwargs"], n=n or rows[0]["repeats"], seed=seed, max_gen_toks=256, task=task)
    asked = [
        Asked(
            document_name(row["doc_id"]),
            prompt_of(row["context"])[0].to_json().decode(),
            canonical_json({"task": task, "doc": row["doc"]}),
        )
        for row in rows
    ]
    return asked, sampling
