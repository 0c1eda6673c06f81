"""Renews farm/catalogue/builtin.json and support.json from the two files that PyPI's package `tenstorrent` carries.

    python scripts/builtin_catalogue.py release_model_spec.json.gz model_support.json DATE

DATE (YYYY-MM-DD) is the newest date that the package names: farm tells the age of its table from it. Keeps the models
that answer with text and the fields that farm reads, one entry a line, and the models for device `cpu`, which the
release does not have. Of the support list it keeps what differs from the release: pairs marked unsupported, and devices
that are served as another one. A new release is reviewed as a diff of lines.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

from farm.catalogue.catalogue import BUILTIN, BUILTIN_SUPPORT
from farm.catalogue.model_spec import TEXT_TYPES
from farm.server.images import FIRST_VERSION

TOP = (
    "model_type", "status", "has_builtin_warmup", "min_disk_gb", "min_ram_gb", "docker_image", "version",
    "tt_metal_commit", "vllm_commit",
)  # fmt: skip
DEVICE = (
    "max_concurrency", "max_context", "default_impl", "tensor_cache_timeout", "eval_max_retries", "known_issues",
)  # fmt: skip
SUPPORT = ("supported", "unsupported", "serve_as", "docker_image")
REASON_CHARS = 160
# Arguments of a vLLM server that decide how its model thinks and what it does with a request's fields. Their names are
# written with `-` or `_`. An image from FIRST_VERSION on finds the others in the catalogue that it carries.
ANSWERS = {
    "chat_template_kwargs", "default_chat_template_kwargs", "generation_config", "max_logprobs",
    "override_generation_config", "reasoning_parser", "seed", "tool_call_parser",
}  # fmt: skip


def main(path: Path, support: Path, date: str) -> int:
    """Write both tables; the exit code."""
    data = path.read_bytes()
    release = json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    specs = {repo: kept for repo, devices in release["model_specs"].items() if (kept := _text_models(devices))}
    for repo, devices in json.loads(BUILTIN.read_text())["model_specs"].items():
        if "CPU" in devices:
            specs.setdefault(repo, {})["CPU"] = devices["CPU"]
    version = release["release_version"]
    head = {
        "schema_version": release["schema_version"],
        "release_version": version,
        "as_of": date,
        "source": f"tenstorrent/tt-inference-server {version}, release_model_spec.json: its LLM and VLM entries, the "
        "fields that farm reads (Apache-2.0); plus models for device cpu",
    }
    lines = [f'"{key}": {json.dumps(value)}' for key, value in head.items()]
    repos = ",\n".join(_lines(repo, specs[repo], depth=1) for repo in sorted(specs))
    BUILTIN.write_text("{\n" + ",\n".join(lines) + ',\n"model_specs": {\n' + repos + "\n}}\n")
    print(f"{BUILTIN}: {len(specs)} models of release {version}")
    _write_support(json.loads(support.read_text()))
    return 0


def _write_support(release: dict[str, Any]) -> None:
    models = []
    for model in release["models"]:
        devices = {
            device: {key: entry[key] for key in SUPPORT if key in entry}
            for device, entry in sorted(model["devices"].items())
            if entry.get("serve_as") or not entry.get("supported", True)
        }
        if devices and model["model_type"].upper() in TEXT_TYPES:
            models.append({"name": model["name"], "hf_repo": model["hf_repo"], "devices": devices})
    head = {"schema_version": release["schema_version"], "release_version": release["release_version"]}
    lines = ",\n".join(f"  {json.dumps(model)}" for model in sorted(models, key=lambda model: model["name"]))
    top = "".join(f" {json.dumps(key)}: {json.dumps(value)},\n" for key, value in head.items())
    BUILTIN_SUPPORT.write_text("{\n" + top + ' "models": [\n' + lines + "\n]}\n")
    print(f"{BUILTIN_SUPPORT}: {len(models)} models with pairs that are marked")


def _text_models(devices: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for device, engines in sorted(devices.items()):
        for engine, impls in sorted(engines.items()):
            for impl, spec in sorted(impls.items()):
                if spec["model_type"] in TEXT_TYPES:
                    found.setdefault(device, {}).setdefault(engine, {})[impl] = _fields(spec, engine)
    return found


def _fields(spec: dict[str, Any], engine: str) -> dict[str, Any]:
    """The part of a spec that farm reads; what is null, empty or false is left out."""
    device = {key: spec["device_model_spec"].get(key) for key in DEVICE}
    device["known_issues"] = [
        {**issue, "reason": issue["reason"][:REASON_CHARS]} for issue in device["known_issues"] or ()
    ]
    device["perf_reference"] = [
        {
            **{key: row[key] for key in ("isl", "osl", "max_concurrency")},
            "targets": {"target": {key: row["targets"]["target"][key] for key in ("ttft_ms", "tput_user")}},
        }
        for row in spec["device_model_spec"]["perf_reference"] or ()
        if row["task_type"] == "text" and "target" in row["targets"]
    ]
    reasoning = (spec.get("metadata") or {}).get("reasoning_parser_name")
    fields: dict[str, Any] = {
        "impl": {key: spec["impl"][key] for key in ("impl_id", "impl_name")},
        "device_model_spec": _stated(device),
        **{key: spec.get(key) for key in TOP},
        "metadata": {"reasoning_parser_name": reasoning} if reasoning else None,
    }
    # Newer vLLM images find their own in the catalogue that they carry
    version = tuple(int(part) for part in spec["version"].split(".")[:2])
    if engine != "vLLM" or version < FIRST_VERSION:
        fields["env_vars"] = spec.get("env_vars")
    if engine == "vLLM":
        arguments = spec["device_model_spec"]["vllm_args"] or {}
        if version >= FIRST_VERSION:
            arguments = {key: value for key, value in arguments.items() if key.replace("-", "_") in ANSWERS}
        fields["device_model_spec"]["vllm_args"] = arguments
    return _stated(fields)


def _stated(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None and value is not False and value != []}


def _lines(key: str, value: dict[str, Any], depth: int) -> str:
    indent = " " * depth
    if "device_model_spec" in value:
        return f"{indent}{json.dumps(key)}: {json.dumps(value)}"
    inner = ",\n".join(_lines(name, part, depth + 1) for name, part in value.items())
    return f"{indent}{json.dumps(key)}: {{\n{inner}}}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
