"""Model servers in containers: started, watched, found again and stopped, through the docker SDK.

Their secrets are not in a container's configuration, so `docker inspect` does not show them, and they are not
written to disk: the container's first process is a shell that reads them from its standard input, puts
them into the environment that the server expects, and becomes the image's own entry point. A container
that is restarted by other means waits for them and serves nothing, rather than serving without a key.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from farm.errors import ConfigError, ServerNotStarted
from farm.server.launch import (
    LABEL,
    LABEL_DEVICE,
    LABEL_ENGINE,
    LABEL_ID,
    LABEL_LOG,
    LABEL_REPO,
    LABEL_URL,
    SHM,
    Launch,
)
from farm.server.running import RunningServer, last_line
from farm.text import one_line

# NAME=VALUE lines up to an empty one; then the image's own entry point, without that input
_WRAPPER = (
    'trap "exit 143" TERM; while :; do IFS= read -r pair || '
    '{ echo "started without its secrets; use farm server start" >&2; exit 78; }; '
    '[ -n "$pair" ] || break; export "$pair"; done; trap - TERM; exec "$@" </dev/null'
)
_STOP_S = 30
_PULL_HINT = "docker pull it where there is a network, or name another with --image"


def connect() -> Any:
    """A client of the container engine that answers. ConfigError when the SDK or the engine is not there."""
    try:
        import docker
    except ImportError as exc:
        raise ConfigError("the docker SDK is not installed", remedy="pip install 'farm-eval[docker]'") from exc
    with _reported("the container engine does not answer", "start it, or set DOCKER_HOST"):
        client = docker.from_env()
        client.ping()
        return client


class ServerEngine:
    """A client of the container engine. ConfigError when the SDK or the engine is not there."""

    def __init__(self) -> None:
        self._client: Any = connect()

    def close(self) -> None:
        self._client.close()

    @property
    def is_local(self) -> bool:
        """Whether the engine is on this host, as far as its address says."""
        return str(self._client.api.base_url).startswith(("http+docker://localunixsocket", "http+docker://localhost"))

    def root(self) -> Path:
        """Where the engine keeps volumes and images."""
        with _reported("the container engine does not answer", "start it, or set DOCKER_HOST"):
            return Path(self._client.info().get("DockerRootDir") or "/")

    def has_volume(self, name: str) -> bool:
        with _reported("the container engine does not answer", "start it, or set DOCKER_HOST"):
            return any(volume.name == name for volume in self._client.volumes.list(filters={"name": name}))

    def provide(self, image: str) -> None:
        """Have `image`, pulled if it is not here. ConfigError if it cannot be had."""
        from docker.errors import ImageNotFound

        with _reported(f"no image {image}", _PULL_HINT):
            try:
                self._client.images.get(image)
            except ImageNotFound:
                self._client.images.pull(image)

    def start(self, launch: Launch, secrets: Mapping[str, str]) -> str:
        """Start the container of a launch whose image is here; its id. Nothing is left if that fails."""
        with _reported(f"no image {launch.image}", _PULL_HINT):
            own = self._client.api.inspect_image(launch.image)["Config"]
        command = list(launch.arguments) or list(own.get("Cmd") or ())
        entry = list(own.get("Entrypoint") or ())
        if not entry and not command:
            raise ConfigError(f"image {launch.image} has no command", remedy="give one behind --")
        with self._explained(launch):
            identity: str = self._client.api.create_container(
                launch.image,
                name=launch.name,
                # With an entry point of farm's own the image's, and its command, are the shell's arguments
                entrypoint=["/bin/sh", "-c", _WRAPPER, "farm"],
                command=[*entry, *command],
                environment=dict(launch.env),
                ports=[launch.inner_port],
                stdin_open=True,
                detach=False,  # with stdin_open: the end of our connection is the end of its input
                labels=launch.labels,
                host_config=self._host_config(launch),
            )["Id"]
        try:
            with self._explained(launch):
                stream = self._client.api.attach_socket(identity, params={"stdin": 1, "stream": 1})
                try:
                    self._client.api.start(identity)
                    _send(stream, secrets)
                finally:
                    stream.close()
        except BaseException:
            self.remove(identity)
            raise
        return identity

    def _host_config(self, launch: Launch) -> Any:
        from docker.types import Mount

        return self._client.api.create_host_config(
            port_bindings={launch.inner_port: (launch.bind, launch.port)},
            devices=[f"{node}:{node}:rwm" for node in launch.devices],
            mounts=[
                Mount(m.target, m.source, type="volume" if m.is_volume else "bind", read_only=m.read_only)
                for m in launch.mounts
            ],
            ipc_mode=None if launch.all_capabilities else "host",
            shm_size=SHM if launch.all_capabilities else None,
            cap_add=["ALL"] if launch.all_capabilities else None,
        )

    @contextmanager
    def _explained(self, launch: Launch) -> Iterator[None]:
        """The engine's errors as ConfigError with a remedy."""
        from docker.errors import APIError

        try:
            with _reported(f"container {launch.name} does not start", "see the engine's own log"):
                yield
        except ConfigError as exc:
            if not isinstance(exc.__cause__, APIError):
                raise
            text = str(exc.__cause__.explanation or "")
            if "port is already allocated" in text or "address already in use" in text:
                raise ConfigError(
                    f"port {launch.port} on {launch.bind} is in use", remedy="choose another with --port"
                ) from exc
            if "gathering device information" in text:
                raise ConfigError(
                    f"no device node {', '.join(launch.devices)} on the engine's host",
                    remedy="name it with --device-node",
                ) from exc
            raise

    # --- servers that were started -----------------------------------------------------------

    def servers(self) -> list[RunningServer]:
        """All containers that farm started as servers, the newest first."""
        with _reported("the container engine does not answer", "start it, or set DOCKER_HOST"):
            rows = self._client.api.containers(all=True, filters={"label": LABEL})
        return [self._server(row["Id"], row["Labels"], row["State"], image=row["Image"]) for row in rows]

    def look(self, identity: str) -> RunningServer:
        """One of them, as it is now; state `gone` if it was removed."""
        from docker.errors import NotFound

        with _reported("the container engine does not answer", "start it, or set DOCKER_HOST"):
            try:
                row = self._client.api.inspect_container(identity)
            except NotFound:
                return self._server(identity, {}, "gone")
        state = row["State"]
        code = state["ExitCode"] if state["Status"] in ("exited", "dead") else None
        return self._server(identity, row["Config"]["Labels"], state["Status"], code, row["Config"]["Image"])

    @staticmethod
    def _server(
        identity: str, labels: Mapping[str, str], state: str, code: int | None = None, image: str = ""
    ) -> RunningServer:
        return RunningServer(
            server_id=labels.get(LABEL_ID, identity[:12]),
            repo=labels.get(LABEL_REPO, ""),
            device=labels.get(LABEL_DEVICE, ""),
            engine=labels.get(LABEL_ENGINE, ""),
            url=labels.get(LABEL_URL, ""),
            state=state,
            log=Path(labels.get(LABEL_LOG, "")),
            place=f"container {identity[:12]}",
            exit_code=code,
            build=image,
        )

    def last_words(self, identity: str) -> str:
        """The last line that a container wrote."""
        with suppress(ConfigError), _reported("no log", ""):
            return last_line(self._client.api.logs(identity, tail=20))
        return ""

    def check_alive(self, identity: str) -> None:
        """ServerNotStarted, with its last words, if the container has ended; it is removed then."""
        server = self.look(identity)
        if server.alive:
            return
        words = self.last_words(identity)
        self.remove(identity)
        raise ServerNotStarted(server.ended(words), remedy=f"its log is {server.log}")

    def follow(self, identity: str) -> Iterator[bytes]:
        """All that a container writes, from its start to its end."""
        with _reported("no log", ""):
            yield from self._client.api.logs(identity, stream=True, follow=True)

    def stop(self, identity: str) -> None:
        """End a container politely, and remove it. Its volumes stay."""
        from docker.errors import APIError

        with suppress(APIError):
            self._client.api.stop(identity, timeout=_STOP_S)
        self.remove(identity)

    def remove(self, identity: str) -> None:
        """Kill and remove a container. One that is gone or being removed is not an error."""
        from docker.errors import APIError

        with suppress(APIError):
            self._client.api.remove_container(identity, force=True, v=False)


def _send(stream: Any, secrets: Mapping[str, str]) -> None:
    """The secrets to the container's standard input. One that has ended already says so by its state."""
    # Over a Unix socket the SDK wraps the socket in a reader; over TLS it gives the socket itself
    raw: socket.socket = getattr(stream, "_sock", stream)
    text = "".join(f"{name}={value}\n" for name, value in secrets.items()) + "\n"
    with suppress(OSError):
        raw.sendall(text.encode())


@contextmanager
def _reported(what: str, remedy: str) -> Iterator[None]:
    """The engine's errors as ConfigError."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except (DockerException, RequestException) as exc:
        said = getattr(exc, "explanation", None) or str(exc)
        raise ConfigError(f"{what}: {one_line(str(said), 300)}", remedy=remedy) from exc
