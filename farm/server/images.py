"""The three interfaces of tt-inference-server's images, each with its arguments and mounts.

- vLLM from 0.11 on: `--model` and `--tt-device`; the rest is in the catalogue that the image carries.
- vLLM before 0.11: a file with the model's spec and a folder with its weights, both mounted from the host.
- forge and media: variables; such a server listens on 8000, whatever port is published.

Taken from `workflows/run_docker_server.py` and the servers' start scripts at 0.3.0, 0.9.0 and 0.20.0.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm.catalogue.model_spec import ModelSpec
from farm.errors import ConfigError

DEFAULT_PORT = 8000
FIRST_VERSION = (0, 11)  # of vLLM images with the new interface

HOME = "/home/container_app_user"
CACHE_ROOT = f"{HOME}/cache_root"
WEIGHTS_ROOT = f"{HOME}/readonly_weights_mount"
SPEC_FILE = f"{HOME}/model_spec/spec.json"
_TAG_VERSION = re.compile(r":v?(\d+)\.(\d+)[.-]")
# A checkout's folders, and where the image has them: for --dev-mode
_DEV_MOUNTS = {"vllm-tt-metal/src": "src", "utils": "utils", "reference_config": "reference_config", "tests": "tests"}


@dataclass(frozen=True, slots=True)
class LaunchOptions:
    """What the user decides about a server, apart from model and device."""

    server_id: str
    log: Path
    port: int = DEFAULT_PORT
    bind: str = "127.0.0.1"
    image: str | None = None  # in place of the catalogue's
    arguments: tuple[str, ...] = ()  # behind farm's own
    device_nodes: tuple[str, ...] | None = None  # in place of the catalogue's
    cache: str | None = None  # a volume's name or a folder of this host
    weights: Path | None = None  # a folder of this host: nothing is downloaded
    dev_mode: bool = False
    dev_source: Path | None = None  # a checkout of tt-inference-server
    no_auth: bool = False


@dataclass(frozen=True, slots=True)
class Mount:
    """`source` is a path of the host, or a volume's name if it is not absolute."""

    source: str
    target: str
    read_only: bool = False

    @property
    def is_volume(self) -> bool:
        return not self.source.startswith("/")


@dataclass(frozen=True, slots=True)
class Interface:
    """What one image is started with."""

    arguments: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    mounts: tuple[Mount, ...]
    port: int  # that it listens on
    spec_file: tuple[Path, str] | None = None
    all_capabilities: bool = False


def interface(spec: ModelSpec, image: str, options: LaunchOptions) -> Interface:
    """The interface of `image` for `spec`. ConfigError for what it needs and was not given."""
    if spec.auth_style == "literal":
        return _forge(spec, options)
    if (_version(image) or FIRST_VERSION) < FIRST_VERSION:
        return _early_vllm(spec, image, options)
    return _vllm(spec, options)


def _version(image: str) -> tuple[int, int] | None:
    """Of tt-inference-server, by the image's tag; None for a tag of another kind."""
    found = _TAG_VERSION.search(image)
    return None if found is None else (int(found[1]), int(found[2]))


def _vllm(spec: ModelSpec, options: LaunchOptions) -> Interface:
    arguments = ["--model", spec.repo, "--tt-device", spec.device]
    if not spec.default_impl:
        arguments += ["--impl", spec.impl]
    if options.no_auth:
        arguments.append("--no-auth")
    if options.port != DEFAULT_PORT:
        arguments += ["--service-port", str(options.port)]
    mounts = [_cache(spec, options), *_weights(spec, options), *_dev_mounts(options)]
    env = {"MODEL_WEIGHTS_DIR": f"{WEIGHTS_ROOT}/{spec.name}"} if options.weights is not None else {}
    return Interface((*arguments, *options.arguments), tuple(env.items()), tuple(mounts), options.port)


def _forge(spec: ModelSpec, options: LaunchOptions) -> Interface:
    env = {
        **dict(spec.env_vars),
        "CACHE_ROOT": CACHE_ROOT,
        "HF_HOME": f"{CACHE_ROOT}/huggingface",
        "MODEL": spec.name,
        "DEVICE": spec.device,
    }
    if options.no_auth:
        env["NO_AUTH"] = "1"
    mounts = [_cache(spec, options), *_weights(spec, options)]
    return Interface(options.arguments, tuple(env.items()), tuple(mounts), DEFAULT_PORT)


def _early_vllm(spec: ModelSpec, image: str, options: LaunchOptions) -> Interface:
    if options.weights is None:
        raise ConfigError(
            f"image {image.rpartition(':')[2]} of {spec.name} is from before 0.11 and takes its weights from the host",
            remedy="name their folder with --weights, or a later image with --image",
        )
    if "max_model_len" not in dict(spec.vllm_args):  # of a newer image the catalogue has a part of them
        raise ConfigError(
            f"the catalogue has no vllm_args for {spec.name} on {spec.device}, which images before 0.11 need",
            remedy="name a later image with --image",
        )
    mesh = dict(spec.env_vars).get("MESH_DEVICE", spec.device.upper())
    env = {
        "CACHE_ROOT": CACHE_ROOT,
        "TT_CACHE_PATH": f"{CACHE_ROOT}/tt_metal_cache/cache_{spec.name}/{mesh}",
        "MODEL_WEIGHTS_PATH": f"{WEIGHTS_ROOT}/{spec.name}",
        "TT_LLAMA_TEXT_VER": spec.impl_id or spec.impl,
        "TT_MODEL_SPEC_JSON_PATH": SPEC_FILE,
        "SERVICE_PORT": str(options.port),
    }
    path = options.log.parent.parent / "model_specs" / f"{options.server_id}.json"
    mounts = [_cache(spec, options), *_weights(spec, options), Mount(str(path), SPEC_FILE, read_only=True)]
    return Interface(
        (),  # the image's own command
        tuple(env.items()),
        (*mounts, *_dev_mounts(options)),
        options.port,
        spec_file=(path, json.dumps(_spec_file(spec, image, options), indent=1)),
        all_capabilities=True,
    )


def _spec_file(spec: ModelSpec, image: str, options: LaunchOptions) -> dict[str, Any]:
    """The part of a model's spec that the start script of an early image reads."""
    arguments = {**dict(spec.vllm_args), "port": str(options.port), **_as_fields(options.arguments)}
    return {
        "model_id": spec.model_id,
        "impl": {"impl_id": spec.impl_id or spec.impl, "impl_name": spec.impl},
        "hf_model_repo": spec.repo,
        "model_name": spec.name,
        "device_type": spec.device.upper(),
        "device_model_spec": {
            "device": spec.device.upper(),
            "max_concurrency": spec.max_concurrency,
            "max_context": spec.max_context,
            "vllm_args": arguments,
        },
        "env_vars": dict(spec.env_vars),
        "supported_modalities": ["text"],
        "tt_metal_commit": spec.tt_metal_commit,
        "vllm_commit": spec.vllm_commit,
        "version": spec.version,
        "docker_image": image,
        "cli_args": {"service_port": options.port, "no_auth": options.no_auth},
    }


def _as_fields(arguments: tuple[str, ...]) -> dict[str, str | bool]:
    """`--name value` and `--flag` as fields of the spec file."""
    fields: dict[str, str | bool] = {}
    name = ""
    for argument in arguments:
        if argument.startswith("--"):
            name, mark, value = argument[2:].partition("=")
            fields[name] = value if mark else True
        elif name:
            fields[name] = argument
    return fields


# --- mounts -------------------------------------------------------------------------------------


def _cache(spec: ModelSpec, options: LaunchOptions) -> Mount:
    """Named as tt-inference-server names it: weights and tensors that are there are used."""
    impl = spec.impl_id or spec.impl.replace("-", "_")
    return Mount(options.cache or f"volume_id_{impl}-{spec.name}", CACHE_ROOT)


def _weights(spec: ModelSpec, options: LaunchOptions) -> list[Mount]:
    if options.weights is None:
        return []
    return [Mount(str(options.weights.absolute()), f"{WEIGHTS_ROOT}/{spec.name}", read_only=True)]


def _dev_mounts(options: LaunchOptions) -> list[Mount]:
    if options.dev_source is None:
        return []
    root = options.dev_source.absolute()
    return [Mount(str(root / part), f"{HOME}/app/{place}", read_only=True) for part, place in _DEV_MOUNTS.items()]
