"""The server itself: its thread, its slots, its counters, its life and death."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

from farm.inference.auth import tt_token
from tests.support.model_server.handler import Handler
from tests.support.model_server.links import Link
from tests.support.model_server.script import Answer, Fault, FaultScript, Quota, seeded_answer
from tests.support.model_server.thinking import Thinking

# farm.inference.readiness.PROBE_TOKENS, which a unit test holds against this: that module requires `requests`, and this
# server also runs in an image that has few packages.
PROBE_TOKENS = 16


def _words(body: dict[str, Any]) -> list[Any]:
    """The texts that a request sends, each whole."""
    return [body.get("prompt"), *(message.get("content") for message in body.get("messages", ()))]


class ModelServer:
    """The server, in a separate thread. Attributes may be changed while it runs."""

    def __init__(
        self,
        *,
        answer: Answer = seeded_answer,
        model: str = "test/model",
        token: str | None = None,
        jwt_secret: str | None = None,
        faults: FaultScript = (),
        streaming: Literal["yes", "refused", "ignored"] = "yes",
        slots: int | None = None,
        prefill_s: float = 0.0,
        decode_s: float = 0.0,
        tokens_per_event: int = 1,
        max_context: int = 32768,
        tokenizer: Literal["vllm", "llamacpp", "none"] = "vllm",
        health: bool = True,
        check_model: bool = True,
        links: Sequence[Link] = ("plain",),
        stops: Literal["obeyed", "left in", "ignored"] = "obeyed",
        stops_most: int | None = None,
        quota: Quota | None = None,
        refuses: Sequence[str] = (),
        api: str = "/v1",
        rows: Sequence[dict[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
        tls: tuple[Path, Path] | None = None,
        thinking: Thinking = "",
        thinks_by_default: bool = True,
        counts_reasoning: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.answer, self.model, self.faults, self.streaming = answer, model, faults, streaming
        self.token = tt_token(jwt_secret) if jwt_secret is not None else token
        self.prefill_s, self.decode_s, self.max_context = prefill_s, decode_s, max_context
        self.tokenizer, self.check_model = tokenizer, check_model
        self.tokens_per_event = tokens_per_event
        self.links, self.stops, self.stops_most = tuple(links), stops, stops_most  # links: in turn, a request each
        self.quota = quota
        self.refuses = tuple(refuses)  # fields of a request's body that it does not take
        self.api = api  # the path before /chat/completions and /models
        self._rows = rows
        self.headers = dict(headers or {})  # that a request must have, as a gateway wants them
        self.tls = tls  # certificate and key
        self.thinking, self.thinks_by_default, self.counts_reasoning = thinking, thinks_by_default, counts_reasoning
        self.stopping = threading.Event()  # of this server, or of its present life
        self.moving = threading.Event()  # cleared: it hangs; connections stay open, nothing comes
        self.moving.set()
        self.owned_by, self.version = "vllm", ""  # an empty version: there is no such route
        self.health_status = 200 if health else 404
        self.slots = threading.BoundedSemaphore(slots) if slots else None
        self.lock = threading.Lock()
        self.bodies: list[dict[str, Any]] = []  # of the generation requests, in order of arrival
        self.paths: list[str] = []  # of all requests
        self.request_ids: list[str] = []  # X-Request-Id of the generation requests that had one
        self.peers: set[str] = set()  # addresses that generation requests came from
        self.seen_authorization: list[str | None] = []
        self.in_flight = self.max_in_flight = self.running = self.max_running = 0
        self.answered = self.aborted = self.connections = self.prompt_tokens = self.generated_tokens = 0
        self.timeline: list[tuple[float, int]] = []  # monotonic time, requests in slots from then on
        self.took_s: list[float] = []  # how long each request had its slot
        self.sockets: set[socket.socket] = set()
        self._host = host
        self._http = self._bound(port)
        self.url = f"{'http' if tls is None else 'https'}://{host}:{self._http.server_port}"
        self._thread: threading.Thread | None = None

    def __enter__(self) -> ModelServer:
        self._serve()
        return self

    def __exit__(self, *exc: object) -> None:
        self.crash()

    def crash(self) -> None:
        """Die as a killed process does: the port is closed, all connections are reset."""
        if self._thread is None:
            return
        self.stopping.set()
        self.moving.set()
        self._http.shutdown()
        self._thread.join()
        self._thread = None
        with self.lock:
            for sock in self.sockets:  # wakes the threads of kept-alive connections
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    sock.shutdown(socket.SHUT_RDWR)
        self._http.server_close()

    def revive(self) -> None:
        """Start again on the same port, with nothing in flight."""
        self.stopping = threading.Event()
        self._http = self._bound(self._http.server_port)
        self._serve()

    def freeze(self) -> None:
        """Hang: nothing moves until `thaw`, but `/health` answers as before."""
        self.moving.clear()

    def thaw(self) -> None:
        self.moving.set()

    def _bound(self, port: int) -> HttpServer:
        http = HttpServer((self._host, port), Handler)
        http.script, http.stopping = self, self.stopping
        if self.tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.tls)
            http.socket = context.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
        return http

    def _serve(self) -> None:
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Of /v1/models: by default the one model; an empty list is a server without that route."""
        own = [{"id": self.model, "object": "model", "max_model_len": self.max_context, "owned_by": self.owned_by}]
        return own if self._rows is None else list(self._rows)

    @property
    def served(self) -> tuple[str, ...]:
        """The names that a request may ask for."""
        return (self.model, *(str(row["id"]) for row in self.rows))

    @property
    def requests(self) -> int:
        """Generation requests so far."""
        return len(self.bodies)

    @property
    def sample_bodies(self) -> list[dict[str, Any]]:
        """The requests for samples, in order of arrival: those with a seed, but the probes before a run."""
        seeded = [body for body in self.bodies if body.get("seed") is not None]
        return [body for body in seeded if body.get("max_tokens") != PROBE_TOKENS or "Hi" not in _words(body)]

    def stats(self) -> dict[str, int]:
        """The counters, as `GET /stats` gives them."""
        names = (
            "requests", "answered", "aborted", "in_flight", "max_in_flight", "max_running", "connections",
            "generated_tokens",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}

    def arrive(self, body: dict[str, Any]) -> Fault | None:
        """Counts one generation request in; the fault that is its fate, if any."""
        with self.lock:
            number = len(self.bodies)
            self.bodies.append(body)
            self.in_flight += 1
            self.max_in_flight = max(self.max_in_flight, self.in_flight)
            if self.quota is not None and not self.quota.take(time.monotonic()):
                return Fault(status=self.quota.status, headers=self.quota.headers, body=self.quota.body)
        if callable(self.faults):
            return self.faults(number, body)
        return self.faults[number] if number < len(self.faults) else None

    def leave(self) -> None:
        with self.lock:
            self.in_flight -= 1

    @contextlib.contextmanager
    def slot(self) -> Any:
        """One of the server's slots; more requests than slots wait here, as in vLLM."""
        with self.slots or contextlib.nullcontext():
            self._count(1)
            began = time.monotonic()
            try:
                yield
            finally:
                self._count(-1)
                self.took_s.append(time.monotonic() - began)

    def _count(self, more: int) -> None:
        with self.lock:
            self.running += more
            self.max_running = max(self.max_running, self.running)
            self.timeline.append((time.monotonic(), self.running))


class HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    allow_reuse_address = True
    script: ModelServer
    stopping: threading.Event

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.script.lock:
            self.script.connections += 1
            self.script.sockets.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self.script.lock:
            self.script.sockets.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a client that went away is part of the script
            super().handle_error(request, client_address)
