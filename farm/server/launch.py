"""Plans the container for a catalogue entry: image, arguments, devices, mounts, port. It starts nothing.

The arguments of each kind of image: farm/server/images.py. Keys are not part of a launch; they reach the
container through its input (farm/server/engine.py).
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from farm.catalogue.model_spec import ModelSpec
from farm.errors import ConfigError
from farm.server import images
from farm.server.images import LaunchOptions, Mount
from farm.version import __version__

DEVICE_NODES = "/dev/tenstorrent"
HUGEPAGES = "/dev/hugepages-1G"
SHM = "32G"  # of images that do not share the host's
SEVERAL_HOSTS = ("dual_galaxy", "quad_galaxy", "super_cluster")

LABEL = "farm.server"
LABEL_ID, LABEL_REPO, LABEL_DEVICE = f"{LABEL}.id", f"{LABEL}.model", f"{LABEL}.device"
LABEL_ENGINE, LABEL_URL, LABEL_LOG = f"{LABEL}.engine", f"{LABEL}.url", f"{LABEL}.log"


@dataclass(frozen=True, slots=True)
class Launch:
    """A container that is to be started; no secret is in it."""

    name: str
    image: str
    arguments: tuple[str, ...]
    url: str
    bind: str
    port: int
    inner_port: int
    env: tuple[tuple[str, str], ...] = ()
    devices: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    spec_file: tuple[Path, str] | None = None  # a file that is mounted, and what must be in it
    all_capabilities: bool = False
    labels: dict[str, str] = field(default_factory=dict)


def plan_launch(spec: ModelSpec, options: LaunchOptions, *, hugepages: bool) -> Launch:
    """The container for `spec`. `hugepages`: the host has them. ConfigError for what no container of farm's serves."""
    image = options.image or spec.docker_image
    if spec.device in SEVERAL_HOSTS:
        raise ConfigError(
            f"{spec.name} on {spec.device} is served by several hosts, which farm does not start",
            remedy="start it with tt-inference-server's run.py, then give --server-url",
        )
    if spec.device == "gpu":
        raise ConfigError(
            "farm starts no server on a GPU: the images of the catalogue are for Tenstorrent's devices",
            remedy=f"start vLLM for {spec.repo}, then give --server-url",
        )
    if not image:
        raise ConfigError(
            f"the catalogue has no image for {spec.name} on {spec.device}", remedy="name one with --image"
        )
    if options.dev_mode:
        image = image.replace("-release-", "-dev-")
    interface = images.interface(spec, image, options)
    here = "127.0.0.1" if options.bind == "0.0.0.0" else options.bind  # noqa: S104 - a comparison
    url = f"http://{here}:{options.port}"
    shared = [Mount(HUGEPAGES, HUGEPAGES)] if hugepages else []
    return Launch(
        name=f"farm-server-{options.server_id}",
        image=image,
        arguments=interface.arguments,
        url=url,
        bind=options.bind,
        port=options.port,
        inner_port=interface.port,
        env=interface.env,
        devices=_nodes(spec, options),
        mounts=(*shared, *interface.mounts),
        spec_file=interface.spec_file,
        all_capabilities=interface.all_capabilities,
        labels={
            LABEL: __version__,
            LABEL_ID: options.server_id,
            LABEL_REPO: spec.repo,
            LABEL_DEVICE: spec.device,
            LABEL_ENGINE: spec.engine,
            LABEL_URL: url,
            LABEL_LOG: str(options.log),
        },
    )


def _nodes(spec: ModelSpec, options: LaunchOptions) -> tuple[str, ...]:
    chosen = options.device_nodes if options.device_nodes is not None else spec.device_nodes
    return (DEVICE_NODES,) if chosen is None else chosen


def run_line(launch: Launch, secrets: tuple[str, ...]) -> str:
    """The `docker run` line of a launch. Of `secrets` it has the names: docker takes the values from the shell."""
    parts = [["docker", "run", "--detach"], ["--name", launch.name]]
    parts += [["--cap-add", "ALL"], ["--shm-size", SHM]] if launch.all_capabilities else [["--ipc", "host"]]
    parts += [["--publish", f"{launch.bind}:{launch.port}:{launch.inner_port}"]]
    parts += [["--device", f"{node}:{node}"] for node in launch.devices]
    for mount in launch.mounts:
        if mount.is_volume:
            parts.append(["--volume", f"{mount.source}:{mount.target}"])
        else:
            flag = ",readonly" if mount.read_only else ""
            parts.append(["--mount", f"type=bind,src={mount.source},dst={mount.target}{flag}"])
    parts += [["--env", name] for name in secrets]
    parts += [["--env", f"{name}={value}"] for name, value in launch.env]
    parts += [["--label", f"{name}={value}"] for name, value in launch.labels.items()]
    parts += [[launch.image, *launch.arguments]]
    return " \\\n  ".join(shlex.join(part) for part in parts)
