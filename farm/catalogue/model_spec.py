"""Reads `release_model_spec.json`, the model catalogue that tt-inference-server ships.

Three forms of the file exist: wrapped (from v0.12), bare (its inner object alone) and flat
(`{model_id: spec}`, to v0.10). The nested forms state repo, device, engine and implementation in their
keys, so their specs may leave these out. Fields that an eval client has no use for are skipped.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from farm.catalogue.devices import device_name
from farm.catalogue.engines import AuthStyle, auth_style
from farm.errors import CatalogueError
from farm.text import one_line

# The models that answer text with text; image input is optional for a VLM.
TEXT_TYPES = ("LLM", "VLM")

# Owners whose repos on the hub ask for a token: no field of the catalogue says so.
_GATED = ("meta-llama/", "google/")


@dataclass(frozen=True)
class KnownIssue:
    """A waiver of the model's owners: this workflow, or this task of it, may fail."""

    workflow_type: str
    task_name: str | None
    reason: str


@dataclass(frozen=True)
class PerfReference:
    """What the model's owners aim at: the times of one request among `concurrency` of them."""

    input_tokens: int
    output_tokens: int
    concurrency: int
    ttft_ms: float | None  # time to the first token
    tokens_per_s: float | None  # of one user, after the first token


@dataclass(frozen=True)
class ModelSpec:
    """One model on one device, by one engine and implementation."""

    repo: str
    name: str
    device: str
    engine: str
    impl: str
    model_id: str
    model_type: str
    status: str
    default_impl: bool
    max_concurrency: int
    max_context: int
    tensor_cache_timeout_s: float
    reasoning_parser: str | None = None
    has_builtin_warmup: bool = False
    eval_max_retries: int | None = None
    known_issues: tuple[KnownIssue, ...] = ()
    min_disk_gb: float | None = None
    min_ram_gb: float | None = None
    docker_image: str | None = None
    version: str | None = None
    tt_metal_commit: str | None = None
    vllm_commit: str | None = None
    impl_id: str | None = None  # of the implementation, as volumes are named
    perf_references: tuple[PerfReference, ...] = ()
    env_vars: tuple[tuple[str, str], ...] = ()  # for its server, where the image has no catalogue
    vllm_args: tuple[tuple[str, str], ...] = ()  # likewise
    chat: bool | None = None  # None: as the repo's name says
    device_nodes: tuple[str, ...] | None = None  # that a container gets; None: all of Tenstorrent's

    @property
    def auth_style(self) -> AuthStyle:
        """How its server checks a caller."""
        return auth_style(self.engine)

    @property
    def gated(self) -> bool:
        """True if the hub gives its weights to known users only: its server needs HF_TOKEN."""
        return self.repo.startswith(_GATED)


class _Raw(BaseModel):
    model_config = ConfigDict(extra="ignore", protected_namespaces=())


class _RawIssue(_Raw):
    workflow_type: str
    task_name: str | None = None
    reason: str = ""


class _RawImpl(_Raw):
    impl_id: str | None = None
    impl_name: str


class _RawTarget(_Raw):
    ttft_ms: float | None = None
    tput_user: float | None = None


class _RawTargets(_Raw):
    target: _RawTarget | None = None


class _RawPerf(_Raw):
    isl: int | None = None
    osl: int | None = None
    max_concurrency: int | None = None
    image_height: int | None = None
    task_type: str = "text"
    targets: _RawTargets = _RawTargets()


class _RawDevice(_Raw):
    max_concurrency: int = Field(ge=1)
    max_context: int = Field(ge=1)
    default_impl: bool = False
    tensor_cache_timeout: float | None = Field(default=None, gt=0)
    eval_max_retries: int | None = None
    known_issues: list[_RawIssue] | None = None
    perf_reference: list[_RawPerf] | None = None
    vllm_args: dict[str, Any] | None = None


class _RawMetadata(_Raw):
    reasoning_parser_name: str | None = None


class _RawSpec(_Raw):
    hf_model_repo: str = Field(min_length=1)
    device_type: str = Field(min_length=1)
    inference_engine: str = "vLLM"  # the flat form is older than the other engines
    impl: _RawImpl
    device_model_spec: _RawDevice
    model_id: str | None = None
    model_name: str | None = None
    model_type: str = "LLM"
    status: str = "EXPERIMENTAL"
    has_builtin_warmup: bool = False
    metadata: _RawMetadata | None = None
    min_disk_gb: float | None = None
    min_ram_gb: float | None = None
    docker_image: str | None = None
    version: str | None = None
    tt_metal_commit: str | None = None
    vllm_commit: str | None = None
    env_vars: dict[str, Any] | None = None


def read_specs(path: Path) -> tuple[ModelSpec, ...]:
    """All specs of a catalogue file, plain or gzip, in the file's order.

    Raises CatalogueError that names the file, the entry and the field.
    """
    value = _json(path)
    specs = tuple(_spec(entry, str(path), place) for place, entry in _entries(value, path))
    if not specs:
        raise CatalogueError(f"{path}: the model catalogue is empty")
    return specs


def _json(path: Path) -> Any:
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        return json.loads(data)
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as exc:
        why = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        raise CatalogueError(
            f"{path}: cannot read the model catalogue: {one_line(why)}",
            remedy="give a release_model_spec.json of tt-inference-server",
        ) from exc


def _entries(value: Any, path: Path) -> Iterator[tuple[str, Any]]:
    """Each spec of any of the three forms with its place in the file."""
    root = value.get("model_specs", value) if isinstance(value, dict) else value
    if not isinstance(root, dict):
        raise CatalogueError(f"{path}: the model catalogue is no JSON object")
    for key, entry in root.items():
        if isinstance(entry, dict) and "device_model_spec" in entry:  # the flat form
            yield key, {"model_id": key, **entry}
            continue
        for device, engines in _items(entry, path, key):
            for engine, impls in _items(engines, path, f"{key}/{device}"):
                for impl, spec in _items(impls, path, f"{key}/{device}/{engine}"):
                    named = {"hf_model_repo": key, "device_type": device, "inference_engine": engine}
                    place = f"{key}/{device}/{engine}/{impl}"
                    yield place, {**named, **spec} if isinstance(spec, dict) else spec


def _items(value: Any, path: Path, place: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        raise CatalogueError(f"{path}: {place}: expected an object, found {one_line(repr(value), 60)}")
    yield from value.items()


def _spec(entry: Any, path: str, place: str) -> ModelSpec:
    try:
        raw = _RawSpec.model_validate(entry)
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CatalogueError(f"{path}: {place}: {where or 'entry'}: {first['msg']}") from exc
    device = raw.device_model_spec
    name = raw.model_name or raw.hf_model_repo.rsplit("/", 1)[-1]
    lower = device_name(raw.device_type)
    return ModelSpec(
        repo=raw.hf_model_repo,
        name=name,
        device=lower,
        engine=raw.inference_engine,
        impl=raw.impl.impl_name,
        model_id=raw.model_id or f"id_{raw.impl.impl_name}_{name}_{lower}",
        model_type=raw.model_type,
        status=raw.status,
        default_impl=device.default_impl,
        max_concurrency=device.max_concurrency,
        max_context=device.max_context,
        tensor_cache_timeout_s=device.tensor_cache_timeout or 3600.0,
        reasoning_parser=raw.metadata.reasoning_parser_name if raw.metadata else None,
        has_builtin_warmup=raw.has_builtin_warmup,
        eval_max_retries=device.eval_max_retries,
        known_issues=tuple(
            KnownIssue(issue.workflow_type, issue.task_name, issue.reason) for issue in device.known_issues or ()
        ),
        min_disk_gb=raw.min_disk_gb,
        min_ram_gb=raw.min_ram_gb,
        docker_image=raw.docker_image,
        version=raw.version,
        tt_metal_commit=raw.tt_metal_commit,
        vllm_commit=raw.vllm_commit,
        impl_id=raw.impl.impl_id,
        perf_references=tuple(_perf(row) for row in device.perf_reference or () if row.task_type == "text"),
        env_vars=texts(raw.env_vars),
        vllm_args=texts(device.vllm_args),
    )


def texts(values: dict[str, Any] | None) -> tuple[tuple[str, str], ...]:
    """Values of an entry as arguments and variables are written: objects and lists as JSON."""
    return tuple(
        (key, json.dumps(value) if isinstance(value, dict | list) else str(value))
        for key, value in (values or {}).items()
        if value is not None
    )


def _perf(row: _RawPerf) -> PerfReference:
    target = row.targets.target or _RawTarget()
    return PerfReference(row.isl or 0, row.osl or 0, row.max_concurrency or 1, target.ttft_ms, target.tput_user)
