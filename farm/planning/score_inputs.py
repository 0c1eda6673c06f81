"""What lm-eval needs to score a run: the plan of its task, and the answers to the requests of that plan.

A score worker gets both as blobs. lm-eval itself is not loaded here (docs/lm-eval.md).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from farm.errors import RunIncomplete
from farm.ids import sha256_hex
from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.records import RunSpec
from farm.text import decode

BOOTSTRAP = 100_000  # lm-eval's own number of resamples for the errors of its figures


@dataclass(frozen=True)
class ScoreInputs:
    """Both as JSON. Equal for every coordinator of a run, so that a score can be checked against them."""

    config: bytes  # {"plan", "model", "bootstrap_iters", "config"}; no address and no key
    answers: bytes  # for each request of the plan a list of texts, one a sample

    @cached_property
    def config_digest(self) -> str:
        return sha256_hex(self.config)

    @cached_property
    def answers_digest(self) -> str:
        return sha256_hex(self.answers)


def document_name(doc_id: object) -> str:
    """The problem id of one of lm-eval's documents in a run."""
    return f"doc-{doc_id}"


def score_inputs(ledger: Ledger, run_id: str, spec: RunSpec, load: Callable[[str], bytes]) -> ScoreInputs:
    """The inputs for a run that has all its completions. `load` gives the stored value of a digest.

    Raises RunIncomplete if an answer is missing.
    """
    assert spec.harness is not None and spec.harness.plan is not None and spec.model is not None
    plan: dict[str, Any] = json.loads(load(spec.harness.plan))
    rows = [{**row, "repeats": spec.sampling.n} for row in plan["rows"]]
    served = {"model": spec.model.repo, "device": spec.model.device}
    config = {
        "plan": {**plan, "rows": rows},
        "model": spec.model.repo,
        "bootstrap_iters": BOOTSTRAP,
        "config": {"model": "farm", "model_args": served, "farm_runs": [run_id]},
    }  # fmt: skip
    answers = _answers(ledger, run_id, rows, spec.sampling.n)
    return ScoreInputs(json.dumps(config).encode(), json.dumps(answers).encode())


def _answers(ledger: Ledger, run_id: str, rows: list[dict[str, Any]], n: int) -> list[list[str]]:
    texts: dict[str, dict[int, str]] = {}
    for stored in history.completions(ledger, run_id):
        texts.setdefault(stored.completion.problem_id, {})[stored.completion.index] = decode(stored.text)
    found = [[texts.get(document_name(row["doc_id"]), {}).get(index) for index in range(n)] for row in rows]
    missing = sum(text is None for answers in found for text in answers)
    if missing:
        raise RunIncomplete(
            f"run {run_id}: {missing} answers are missing", remedy=f"continue with: farm resume {run_id}"
        )
    return [[text for text in answers if text is not None] for answers in found]
