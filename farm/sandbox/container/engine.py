"""Hardened containers of one engine: made, attached to, and removed when their owner is gone.

The engine's socket is root on its host (docs/sandbox.md section 9): only the worker's own process talks to
it, and nothing of it is in a container. Talks through the docker SDK, with its environment variables
(DOCKER_HOST, DOCKER_CONTEXT and the like).
"""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from farm.errors import SandboxUnavailable
from farm.processes import ProcessName, name_of
from farm.sandbox.confinement import ContainerSpec
from farm.sandbox.container.bundle import BOOT
from farm.sandbox.container.link import Link
from farm.text import one_line
from farm.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNER, MARK = "farm.owner", "farm.sandbox"
# Above a program's own limit: what rlimits let it overshoot between two looks, the relay, the zygote
OVERHEAD_BYTES = (1 << 30) + (512 << 20)
PIDS = 64  # above a program's threads
_PERIOD_US = 100_000
SECURITY = ["no-new-privileges"]
NOBODY, ROOT = "65534:65534", "0:0"
# What root inside needs, where a kernel without Landlock leaves nothing to a user: to make and enter a bare root, to
# change the uid of each child, which has none of these, and to end it (farm/sandbox/inside/bare_root.py)
ROOT_CAPABILITIES = ("SETUID", "SETGID", "SYS_CHROOT", "MKNOD", "DAC_OVERRIDE", "KILL")
_TMP = "rw,noexec,nosuid,nodev,size=16m,mode=1777"
_RUN = "rw,noexec,nosuid,dev,size=1m,mode=755"  # of root: three devices


class Engine:
    """A client of the engine. Raises SandboxUnavailable when the SDK or the engine is not there."""

    def __init__(self, spec: ContainerSpec) -> None:
        self._spec = spec
        try:
            import docker
        except ImportError as exc:
            raise SandboxUnavailable(
                "the docker SDK is not installed", remedy="pip install 'farm-eval[docker]'"
            ) from exc
        with _reported("the container engine does not answer", "start it, or set DOCKER_HOST"):
            self._client: Any = docker.from_env()
            self._client.ping()

    def prepare(self) -> str:
        """Have the image and the runtime, and remove what dead workers of this host left. Gives the image's id."""
        from docker.errors import ImageNotFound

        spec = self._spec
        with _reported(f"no image {spec.image}", f"docker pull {spec.image}, or name another with --image"):
            try:
                image = self._client.images.get(spec.image)
            except ImageNotFound:
                image = self._client.images.pull(spec.image)
        with _reported("the container engine does not answer", "start it, or set DOCKER_HOST"):
            known = self._client.info().get("Runtimes", {})
        if spec.runtime is not None and spec.runtime not in known:
            raise SandboxUnavailable(
                f"the engine has no runtime {one_line(spec.runtime, 40)}",
                remedy=f"add it to the engine's daemon.json; it has {', '.join(sorted(known))}",
            )
        self.reap()
        return str(image.id).removeprefix("sha256:")[:12]

    def reap(self) -> int:
        """Remove containers whose worker on this host is dead; how many. Those of other hosts stay."""
        removed = 0
        with _reported("the container engine does not answer", "start it, or set DOCKER_HOST"):
            found = self._client.api.containers(all=True, filters={"label": MARK})
        for container in found:
            owner = _parse_owner(container["Labels"].get(OWNER, ""))
            if owner is not None and not owner.alive:
                self.remove(container["Id"])
                removed += 1
        return removed

    def start(self, memory_bytes: int, threads: int, *, as_root: bool) -> tuple[str, Link]:
        """A started container whose first process waits for the archive; its id and the link to it."""
        with _reported("no container starts", f"check `docker run {self._spec.image} python3 -V`"):
            identity: str = self._client.api.create_container(
                self._spec.image,
                command=["python3", "-I", "-c", BOOT],
                entrypoint=[],
                user=ROOT if as_root else NOBODY,
                stdin_open=True,
                detach=False,  # with stdin_open: the end of our connection is the end of its input
                working_dir="/",
                hostname="sandbox",
                labels={MARK: __version__, OWNER: _owner()},
                host_config=self._host_config(memory_bytes, threads, as_root),
            )["Id"]
            try:
                stream = self._client.api.attach_socket(
                    identity, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
                )
                link = Link(stream)
                try:
                    self._client.api.start(identity)
                except BaseException:
                    link.close()
                    raise
            except BaseException:
                self.remove(identity)
                raise
        return identity, link

    def _host_config(self, memory_bytes: int, threads: int, as_root: bool) -> Any:
        most = memory_bytes + OVERHEAD_BYTES
        return self._client.api.create_host_config(
            network_mode="none",
            read_only=True,
            cap_drop=["ALL"],
            cap_add=list(ROOT_CAPABILITIES) if as_root else None,
            security_opt=SECURITY,
            pids_limit=threads + PIDS,
            mem_limit=most,
            memswap_limit=most,
            cpu_period=_PERIOD_US,
            cpu_quota=_PERIOD_US * 3 // 2,  # one program, and the relay that drains it
            ipc_mode="none",
            tmpfs={"/tmp": _TMP, "/run": _RUN} if as_root else {"/tmp": _TMP},  # noqa: S108 - in the container
            log_config={"Type": "none", "Config": {}},
            auto_remove=True,
            runtime=self._spec.runtime,
        )

    def allow(self, identity: str, memory_bytes: int) -> None:
        """Raise a running container's memory limit for programs of `memory_bytes`."""
        most = memory_bytes + OVERHEAD_BYTES
        with _reported("no more memory for a container", "lower --memory-limit"):
            self._client.api.update_container(identity, mem_limit=most, memswap_limit=most)

    def remove(self, identity: str) -> None:
        """Kill and remove; one that is gone, or on its way, is no error."""
        from docker.errors import APIError

        with suppress(APIError):
            self._client.api.remove_container(identity, force=True, v=True)

    def close(self) -> None:
        self._client.close()


@contextmanager
def _reported(what: str, remedy: str) -> Iterator[None]:
    """The engine's errors as SandboxUnavailable."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except (DockerException, RequestException, OSError) as exc:
        raise SandboxUnavailable(f"{what}: {one_line(str(exc), 200)}", remedy=remedy) from exc


def _owner() -> str:
    """This process for ever: host, boot, pid and start time."""
    name = name_of(os.getpid())
    return f"{_host()} {name.pid} {name.start}"


def _parse_owner(label: str) -> ProcessName | None:
    """The owner that a label names, if it is of this host and boot."""
    here, _, process = label.partition(" ")
    pid, _, start = process.partition(" ")
    return ProcessName(int(pid), start) if here == _host() and pid.isdigit() else None


def _host() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"  # a pid means something in its namespace only
    except OSError:
        return socket.gethostname()
