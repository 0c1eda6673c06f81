"""`farm submit --dry-run`: what would be run, one request as it would be sent, and how long it might take."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

from farm.app.submit import Prepared
from farm.catalogue.model_spec import ModelSpec
from farm.config import Settings
from farm.ids import sample_seed
from farm.inference.auth import bearer
from farm.inference.connection.address import route
from farm.inference.generation import GenerateRequest
from farm.ledger.ledger import PlannedProblem
from farm.planning.context_room import ContextRoom
from farm.planning.duration import estimate, spoken
from farm.records import DriveOptions, Prompt, RunSpec
from farm.records.fields import in_words
from farm.scoring.differences import model_name
from farm.text import one_line


def plan_lines(settings: Settings, prepared: Prepared, drive: DriveOptions) -> Iterator[str]:
    """The plan in words. Of the server's key the variable that it comes from is named, of headers their names; never
    a value."""
    spec, entry, problems, room = prepared.spec, prepared.entry, prepared.dataset.problems, prepared.room
    model, sampling, data = spec.model, spec.sampling, spec.dataset
    assert model is not None
    key = bearer(settings, model.engine)[1]
    requests = len(problems) * sampling.n
    yield "dry run: nothing is sent and no run is recorded"
    yield f"model: {model_name(model)} on {model.device} ({model.engine}, {entry.status})"
    if spec.judged:
        yield f"eval task: {spec.eval_task}, protocol {spec.protocol}, judge {spec.judge.mode}"
    elif spec.harness is not None:
        yield (
            f"task {spec.harness.task} in {spec.harness.environment}: {len(problems)} requests x {sampling.n}, "
            "scored by lm-eval"
        )
    yield f"servers: {', '.join(spec.servers)} (not asked); key: {key or 'none is set'}"
    if headers := settings.server_headers():
        yield f"headers: {', '.join(headers)} (values are not shown)"
    yield f"slots: {model.max_concurrency} requests at a time on each; context: {model.max_context} tokens"
    yield f"dataset: {data.name}, {data.problems} problems{f' ({data.selection})' if data.selection else ''}"
    if data.part:
        yield f"  {data.part}"
    yield f"  from {data.source}, digest {data.digest[:16]}, tests: {data.tests}"
    yield f"samples: {sampling.n} a problem, {requests} requests; {in_words(sampling)}"
    if spec.judged:
        yield f"scores: {', '.join(f'pass@{k}' for k in spec.ks)}; tolerance {spec.tolerance:g}"
    yield from _reference_lines(spec)
    yield f"prompts: about {room.mean} tokens on average, {room.longest} the longest"
    yield from (f"caution: {line}" for line in room.in_words())
    yield from _request_lines(spec, drive, problems[0])
    yield from _time_lines(spec, entry, requests, room)


def _reference_lines(spec: RunSpec) -> Iterator[str]:
    for ref in spec.references:
        unlike = f"; not compared, measured with {', '.join(ref.unlike)}" if ref.unlike else ""
        yield f"  {ref.label.replace('_', ' ')}: {ref.score:g} ({one_line(ref.source, 120)}){unlike}"
    if not spec.references:
        yield "  no scores of others to compare with"


def _request_lines(spec: RunSpec, drive: DriveOptions, problem: PlannedProblem) -> Iterator[str]:
    assert spec.model is not None and problem.prompt is not None
    request = GenerateRequest.of(
        Prompt.model_validate_json(problem.prompt),
        spec.model,
        spec.sampling,
        seed=sample_seed(spec.sampling.seed, problem.problem_id, 0),
        stream=drive.stream,
    )
    yield f"request of sample {problem.problem_id}#0: POST {urlsplit(route(spec.servers[0], request.path)).path}"
    yield json.dumps(request.body(stream=request.stream), indent=2, ensure_ascii=True)


def _time_lines(spec: RunSpec, entry: ModelSpec, requests: int, room: ContextRoom) -> Iterator[str]:
    guess = estimate(
        entry,
        requests=requests,
        servers=len(spec.servers),
        prompt_tokens=room.mean,
        max_tokens=min(spec.sampling.max_tokens, room.context),
    )
    if guess is None:
        yield f"estimated time: unknown, the catalogue has no speeds for {entry.name} on {entry.device}"
        return
    yield f"estimated time: {spoken(guess.low_s)} to {spoken(guess.high_s)}; grading goes on meanwhile"
    yield f"  assumes {guess.assumes}"
