"""A user's own YAML file: models and eval tasks that are added to the catalogue's, or replace them.

    models:
      - repo: my-org/My-Coder-7B        # HF repo id, as requests name it
        device: n300
        max_concurrency: 16
        max_context: 32768
        docker_image: registry/my-server:1
      - {repo: meta-llama/Llama-3.2-3B-Instruct, device: n300, max_concurrency: 8}   # changes what is there
    evals:
      - model: My-Coder-7B
        task: livecodebench
        tolerance: 0.1
        references:
          - {label: gpu_reference, score: 21.3, source: our A100, date: 2026-10-01, protocols: [tt]}

An entry for a model on a device that the catalogue has changes the fields it names; any other adds one.
Every error names file and line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from farm.catalogue.devices import DEVICES, device_name
from farm.catalogue.engines import LLAMACPP
from farm.catalogue.eval_task import EvalReference, EvalTask, ScoreFunc
from farm.catalogue.eval_tasks import known_tasks
from farm.catalogue.model_spec import ModelSpec, PerfReference, texts
from farm.catalogue.near import near
from farm.catalogue.yaml_file import YamlFile, read_yaml
from farm.text import one_line

Place = tuple[str | int, ...]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\s\x00-\x1f]+$")]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Score = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, protected_namespaces=())


class _Perf(_Entry):
    input_tokens: Annotated[int, Field(ge=1)]
    output_tokens: Annotated[int, Field(ge=1)]
    concurrency: Annotated[int, Field(ge=1)] = 1
    ttft_ms: Positive | None = None
    tokens_per_s: Positive | None = None


class _Model(_Entry):
    repo: Name
    device: Name
    engine: Name | None = None
    impl: Name | None = None
    max_concurrency: Annotated[int, Field(ge=1, le=100_000)] | None = None
    max_context: Annotated[int, Field(ge=1)] | None = None
    tensor_cache_timeout_s: Positive | None = None
    status: Name | None = None
    chat: bool | None = None
    default_impl: bool | None = None
    reasoning_parser: Name | None = None
    min_disk_gb: Positive | None = None
    min_ram_gb: Positive | None = None
    docker_image: Name | None = None
    version: Name | None = None
    tt_metal_commit: Name | None = None
    vllm_commit: Name | None = None
    env_vars: dict[str, str] | None = None
    vllm_args: dict[str, Any] | None = None
    perf_references: list[_Perf] | None = None
    device_nodes: list[Name] | None = None


class _Reference(_Entry):
    label: Literal["published", "gpu_reference"]
    score: Score
    source: Annotated[str, Field(min_length=1)]
    date: str = ""
    protocols: Annotated[list[Name], Field(min_length=1)]
    problems: Annotated[int, Field(ge=1)] | None = None
    hits: Annotated[int, Field(ge=0)] | None = None
    note: str = ""


class _Eval(_Entry):
    model: Name
    task: Name = "livecodebench"
    protocol: Name | None = None
    score_func: ScoreFunc | None = None
    result_keys: Annotated[list[str], Field(min_length=1)] | None = None
    unit: Literal["percent"] | None = None
    tolerance: Annotated[float, Field(ge=0, lt=1)] | None = None
    references: list[_Reference] | None = None


class _File(_Entry):
    models: list[_Model] = []
    evals: list[_Eval] = []


_ENTRIES: dict[tuple[str, ...], type[_Entry]] = {
    (): _File,
    ("models",): _Model,
    ("models", "perf_references"): _Perf,
    ("evals",): _Eval,
    ("evals", "references"): _Reference,
}


def apply_own(
    path: Path, specs: Sequence[ModelSpec], evals: Sequence[EvalTask]
) -> tuple[tuple[ModelSpec, ...], tuple[EvalTask, ...]]:
    """`specs` and `evals` with what the file changes and adds. CatalogueError that names file and line."""
    file = read_yaml(path)
    try:
        own = _File.model_validate(file.value)
    except ValidationError as exc:
        first = exc.errors()[0]
        raise file.error(first["loc"], _in_words(first)) from exc
    found = list(specs)
    for index, model in enumerate(own.models):
        _put_model(file, ("models", index), model, found)
    tasks = list(evals)
    for index, entry in enumerate(own.evals):
        _put_eval(file, ("evals", index), entry, tasks, found)
    return tuple(found), tuple(tasks)


def _in_words(error: Any) -> str:
    if error["type"] != "extra_forbidden":
        return one_line(error["msg"], 200)
    *names, wrong = (part for part in error["loc"] if isinstance(part, str))
    similar = near(wrong, _ENTRIES[tuple(names)].model_fields)
    return f"no such field{f'; did you mean {similar[0]}?' if similar else ''}"


# --- models -------------------------------------------------------------------------------------


def _put_model(file: YamlFile, place: Place, entry: _Model, specs: list[ModelSpec]) -> None:
    """Change the one spec that the entry means, or add a new one."""
    device = device_name(entry.device)
    if device not in DEVICES:
        raise file.error(
            (*place, "device"), f"no device {one_line(entry.device, 40)}", remedy=f"devices: {', '.join(DEVICES)}"
        )
    on_device = [
        i for i, s in enumerate(specs) if s.device == device and entry.repo.lower() in (s.repo.lower(), s.name.lower())
    ]
    meant = [i for i in on_device if _is_meant(entry, specs[i])]
    default = [i for i in meant if specs[i].default_impl]
    changes = _changes(entry)
    if len(meant) > 1 and len(default) != 1:
        choices = ", ".join(f"engine: {specs[i].engine}, impl: {specs[i].impl}" for i in meant)
        raise file.error(place, f"several entries are {entry.repo} on {device}", remedy=f"name one of: {choices}")
    if meant:
        index = (default or meant)[0]
        specs[index] = replace(specs[index], **changes)
    else:
        index = len(specs)
        specs.append(_new(file, place, entry, device, {"default_impl": not on_device, **changes}))
    if specs[index].default_impl:  # one default a device
        for i in on_device:
            if i != index:
                specs[i] = replace(specs[i], default_impl=False)


def _is_meant(entry: _Model, spec: ModelSpec) -> bool:
    return (entry.engine is None or entry.engine.lower() == spec.engine.lower()) and (
        entry.impl is None or entry.impl.lower().replace("_", "-") == spec.impl.lower().replace("_", "-")
    )


def _changes(entry: _Model) -> dict[str, Any]:
    """The fields of a spec that the entry states."""
    stated = {name: getattr(entry, name) for name in entry.model_fields_set}
    changes = {
        name: value
        for name, value in stated.items()
        if name not in ("repo", "device", "engine", "impl") and value is not None
    }
    if entry.device_nodes is not None:
        changes["device_nodes"] = tuple(entry.device_nodes)
    if entry.env_vars is not None:
        changes["env_vars"] = tuple(entry.env_vars.items())
    if entry.vllm_args is not None:
        changes["vllm_args"] = texts(entry.vllm_args)
    if entry.perf_references is not None:
        changes["perf_references"] = tuple(PerfReference(**dict(row)) for row in entry.perf_references)
    return changes


def _new(file: YamlFile, place: Place, entry: _Model, device: str, changes: dict[str, Any]) -> ModelSpec:
    missing = [name for name in ("max_concurrency", "max_context") if name not in changes]
    if missing:
        raise file.error(place, f"{entry.repo} on {device} is new to the catalogue and needs {' and '.join(missing)}")
    if "/" not in entry.repo:
        raise file.error(
            (*place, "repo"), f"{entry.repo} is new to the catalogue and needs the whole repo id", remedy="OWNER/NAME"
        )
    name = entry.repo.rsplit("/", 1)[-1]
    engine = entry.engine or (LLAMACPP if device == "cpu" else "vLLM")
    impl = entry.impl or "own"
    stated: dict[str, Any] = {
        "model_type": "LLM",
        "status": "EXPERIMENTAL",
        "tensor_cache_timeout_s": 3600.0,
        "impl_id": impl.replace("-", "_"),
        **changes,
    }
    return ModelSpec(
        repo=entry.repo,
        name=name,
        device=device,
        engine=engine,
        impl=impl,
        model_id=f"id_{impl}_{name}_{device}",
        **stated,
    )


# --- eval tasks ---------------------------------------------------------------------------------


def _put_eval(file: YamlFile, place: Place, entry: _Eval, tasks: list[EvalTask], specs: list[ModelSpec]) -> None:
    """Change the eval task of that name that the model has, or give it one."""
    spec = next((s for s in specs if entry.model.lower() in (s.repo.lower(), s.name.lower())), None)
    if spec is None:
        similar = near(entry.model, (s.name for s in specs))
        raise file.error(
            (*place, "model"),
            f"no model {one_line(entry.model, 100)} in the catalogue",
            remedy=f"did you mean {similar[0]}?" if similar else "add it under models: first",
        )
    index = next((i for i, t in enumerate(tasks) if (t.model_name, t.task_name) == (spec.name, entry.task)), len(tasks))
    base = tasks[index] if index < len(tasks) else known_tasks().get(entry.task)
    if base is None and entry.protocol is None:
        raise file.error(
            (*place, "task"),
            f"eval task {one_line(entry.task, 60)} is new and needs a protocol",
            remedy=f"known tasks: {', '.join(known_tasks())}",
        )
    base = base or EvalTask(task_name=entry.task, model_name=spec.name, own_protocol=entry.protocol or "")
    names = ("score_func", "unit", "tolerance")
    changes: dict[str, Any] = {name: getattr(entry, name) for name in names if getattr(entry, name) is not None}
    if entry.result_keys is not None:
        changes["result_keys"] = tuple(entry.result_keys)
    if entry.protocol is not None:
        changes["chosen_protocol"] = entry.protocol
    if entry.references is not None:
        changes["references"] = tuple(
            _reference(file, (*place, "references", i), row) for i, row in enumerate(entry.references)
        )
    line = file.line((*place, "protocol") if entry.protocol is not None else place)
    task = replace(base, model_name=spec.name, place=f"{file.path}:{line}", **changes)
    tasks[index : index + 1] = [task]


def _reference(file: YamlFile, place: Place, row: _Reference) -> EvalReference:
    fields = {**dict(row), "protocols": tuple(row.protocols)}
    try:
        return EvalReference(**fields)
    except ValidationError as exc:
        first = exc.errors()[0]
        raise file.error((*place, *first["loc"]), first["msg"].removeprefix("Value error, ")) from exc
