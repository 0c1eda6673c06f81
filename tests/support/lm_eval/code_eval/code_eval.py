"""A stand-in for the metric `code_eval` of Hugging Face's hub, which lm-eval's code tasks load: it executes what it
is given, here. For answers that the tests wrote themselves."""

from __future__ import annotations

from typing import Any

import datasets
import evaluate


class CodeEval(evaluate.Metric):  # type: ignore[misc]
    """pass@1 of candidates, each with its test behind it."""

    def _info(self) -> Any:
        text = datasets.Value("string")
        features = datasets.Features({"predictions": datasets.Sequence(text), "references": text})
        return evaluate.MetricInfo(description="", citation="", inputs_description="", features=features)

    def _compute(
        self, predictions: list[list[str]], references: list[str], k: list[int]
    ) -> tuple[dict[str, float], None]:
        right = [
            sum(_passes(f"{candidate}\n{test}") for candidate in candidates) / len(candidates)
            for candidates, test in zip(predictions, references, strict=True)
        ]
        return {f"pass@{number}": sum(right) / len(right) for number in k}, None


def _passes(program: str) -> bool:
    try:
        exec(program, {"__name__": "candidate"})
    except Exception:
        return False
    return True
