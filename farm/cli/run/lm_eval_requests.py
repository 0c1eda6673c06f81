"""`farm submit --task NAME --dry-run` for a task that lm-eval scores: its first request."""

from __future__ import annotations

import json
from collections.abc import Iterator

from farm.ids import sample_seed
from farm.inference.generation import GenerateRequest
from farm.planning.plan import PlannedDataset
from farm.records import HarnessRef, Prompt, Sampling, ServedModel


def request_lines(model: ServedModel, ref: HarnessRef, dataset: PlannedDataset, sampling: Sampling) -> Iterator[str]:
    """What would be sent, in words and as its first request."""
    first = dataset.problems[0]
    assert first.prompt is not None
    prompt = Prompt.model_validate_json(first.prompt)
    seed = sample_seed(sampling.seed, first.problem_id, 0)
    request = GenerateRequest.of(prompt, model, sampling, seed=seed)
    yield "dry run: nothing is sent and no run is recorded"
    yield f"task {ref.task} in {ref.environment}: {len(dataset.problems)} requests x {sampling.n}, scored by lm-eval"
    yield f"request of {first.problem_id}#0 to {request.path}:"
    yield json.dumps(request.body(stream=True), indent=2, ensure_ascii=False)
