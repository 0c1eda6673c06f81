"""Before a run is recorded: room for it on the disk and in the model's context, and what its programs run in."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from farm.app.display import Display
from farm.config import Settings
from farm.environments.runtimes import program_runtime
from farm.errors import ConfigError, InferenceError
from farm.ids import DEFAULT_RUNTIME
from farm.inference import prompt_budget
from farm.inference.client import GenerateRequest
from farm.inference.client_of import client_of
from farm.planning.context_room import ContextRoom, context_room
from farm.planning.plan import PlannedDataset
from farm.records import JudgeSpec, RunSpec, ServedModel

# Of a sample in the ledger and the report: rows, indices, the program's output; and of its answer, per token
SAMPLE_BYTES, TOKEN_BYTES = 32 << 10, 8
SPARE_BYTES = 256 << 20


def check_runtime(settings: Settings, judge: JudgeSpec) -> None:
    """ConfigError for a program runtime that this host does not have, where its own workers are to execute."""
    if settings.broker_url is None and judge.runtime != DEFAULT_RUNTIME:
        program_runtime(settings, judge.runtime)


def check_room(
    settings: Settings, dataset: PlannedDataset, spec: RunSpec, *, ask: bool, display: Display
) -> ContextRoom:
    """Say what will not fit. ConfigError if nothing would, on the disk or in the context.

    `ask`: the first server's tokenizer counts the longest prompt, where that could matter.
    """
    model = spec.model
    assert model is not None
    needed = SPARE_BYTES + len(dataset.problems) * spec.sampling.n * (
        SAMPLE_BYTES + TOKEN_BYTES * min(spec.sampling.max_tokens, model.max_context)
    )
    free = shutil.disk_usage(settings.home).free
    if free < needed:
        raise ConfigError(
            f"{settings.home} has {free / (1 << 30):.1f} GiB free, this run may need {needed / (1 << 30):.1f}",
            remedy="make room, or set FARM_HOME to another folder",
        )
    count = _tokenizer(settings, model, spec.servers[0]) if ask else lambda request: None
    room = context_room(dataset.problems, model, spec.sampling, count)
    if ask:
        for line in room.in_words():
            display.say(f"caution: {line}")
    return room


def _tokenizer(
    settings: Settings, model: ServedModel, url: str
) -> Callable[[GenerateRequest], prompt_budget.PromptSize | None]:
    def count(request: GenerateRequest) -> prompt_budget.PromptSize | None:
        try:
            with client_of(settings, model.engine, url) as client:
                return prompt_budget.count(client, request)
        except InferenceError:
            return None  # an estimate will do; the run itself will say what is wrong with the server

    return count
