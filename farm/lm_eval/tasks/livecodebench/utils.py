"""What the YAML files name. lm-eval loads this file by its path; the work is in farm.lm_eval.plugin.livecodebench."""

from __future__ import annotations

from functools import partial
from typing import Any

import farm.lm_eval.plugin.model  # noqa: F401 - so `lm_eval --model farm --tasks PATH` works where no entry point is read
from farm.lm_eval.plugin.livecodebench import documents, keep_all, process_results

__all__ = ["doc_to_target", "keep_all", "load", "load_easy", "load_hard", "load_medium", "process_results"]

load = documents
load_easy = partial(documents, "easy")
load_medium = partial(documents, "medium")
load_hard = partial(documents, "hard")


def doc_to_target(doc: dict[str, Any]) -> str:
    """The problem's id: sample files show no expected output."""
    return str(doc["question_id"])
