"""lm-eval itself in a separate process, for tests: `python -m tests.support.lm_eval.lm_eval_run ORDER.json`.

An order names tasks (paths, or names below include_path), model and its arguments. Without lm-eval's own
13,986 task files, whose reading takes longer than a test. The model `recorded` gives answers from a file: any
model but farm's.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from lm_eval import simple_evaluate
from lm_eval.api.model import LM
from lm_eval.api.registry import register_model
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

from farm.errors import FarmError


@register_model("recorded")
class Recorded(LM):  # type: ignore[misc]
    """Answers by document, each repeat the next one. A row: `doc`, one of a document's values, and `outputs`."""

    def __init__(self, path: str, **ignored: Any) -> None:
        super().__init__()
        rows = [json.loads(line) for line in Path(path).read_text().splitlines()]
        self._answers = {str(row["doc"]): row["outputs"] for row in rows}
        self._given: Counter[str] = Counter()

    def generate_until(self, requests: list[Any]) -> list[str]:
        return [self._answer(request.doc) for request in requests]

    def _answer(self, doc: dict[str, Any]) -> str:
        [name] = {str(value) for value in doc.values() if str(value) in self._answers}
        self._given[name] += 1
        return str(self._answers[name][self._given[name] - 1])

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        return json.dumps(chat_history)

    @property
    def tokenizer_name(self) -> str:
        return "recorded"

    def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
        raise NotImplementedError

    def loglikelihood_rolling(self, requests: list[Any]) -> list[float]:
        raise NotImplementedError


def main(order: dict[str, Any]) -> int:
    """Evaluate; the results go to order["out"], in lm-eval's own files."""
    arguments, metadata = order.get("model_args", {}), order.get("metadata", {})
    manager = TaskManager(
        include_path=order.get("include_path"), include_defaults=False, metadata={**arguments, **metadata}
    )
    tracker = EvaluationTracker(output_path=order["out"])
    try:
        results = simple_evaluate(
            model=order["model"],
            model_args=arguments,
            tasks=order["tasks"],
            task_manager=manager,
            apply_chat_template=order.get("apply_chat_template", False),
            gen_kwargs=order.get("gen_kwargs"),
            evaluation_tracker=tracker,
            confirm_run_unsafe_code=True,
            bootstrap_iters=order.get("bootstrap_iters", 0),
        )
    except FarmError as exc:
        print(f"farm: {exc}", file=sys.stderr)
        return exc.exit_code
    samples = results.pop("samples")
    tracker.save_results_aggregated(results=results, samples=samples)
    for task, rows in samples.items():
        tracker.save_results_samples(task_name=task, samples=rows)
    return 0


if __name__ == "__main__":
    if "farm.lm_eval.plugin.model" not in sys.modules:
        import farm.lm_eval.plugin.model  # noqa: F401 - registers `farm`
    sys.exit(main(json.loads(Path(sys.argv[1]).read_text())))
