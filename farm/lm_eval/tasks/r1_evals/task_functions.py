"""What the r1_* task files name. Loaded by lm-eval alone, in its own environment."""

from __future__ import annotations

from typing import Any

from farm.lm_eval.tasks.r1_evals.answers import answer_of, letter_of, normalized
from farm.lm_eval.tasks.r1_evals.equal import equal


def process_gpqa_docs(dataset: Any) -> Any:
    """The choices in lm-eval's own shuffled order, and the letter of the right one."""
    from lm_eval.tasks.gpqa.zeroshot.utils import process_docs

    return process_docs(dataset)


def doc_to_target(doc: dict[str, Any]) -> str:
    """The recorded answer as it is compared."""
    return normalized(doc["answer"])


def process_results_math(doc: dict[str, Any], results: list[str]) -> dict[str, int]:
    """Whether the first answer equals the recorded one, as a number or an expression."""
    return {"exact_match": int(equal(answer_of(results[0]), normalized(doc["answer"])))}


def process_results_gpqa(doc: dict[str, Any], results: list[str]) -> dict[str, int]:
    """Whether the first answer names the right choice."""
    found = letter_of(answer_of(results[0]))
    return {"exact_match": int(bool(found) and found.strip() == letter_of(normalized(doc["answer"])).strip())}
