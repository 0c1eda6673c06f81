"""A scripted OpenAI-compatible model server: real HTTP, no model.

It answers like vLLM on a Tenstorrent device: bearer token compared byte for byte, slots, prefill and
decode times, streaming, `/health`, `/v1/models`, `/tokenize`, `/metrics`. Its answers are a function
of (prompt, seed), so a run gives the same score each time, and a script of faults says which request
goes wrong and how. It can hang (`freeze`), die and come back on its port (`crash`, `revive`), and notices a
client that goes away, as vLLM does. In a test:

    with ModelServer(answer=lambda prompt, seed: "...", faults=[Fault(status=503), None]) as server:
        Client(server.url)

As a process, for tests of whole commands: `python -m tests.support.model_server --port 0
--answers FILE.json`, which prints its URL; `GET /stats` there gives the counters.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import random
import select
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

from farm.inference.auth import tt_token
from farm.text import encode

Answer = Callable[[str, int], str]
Kind = Literal[
    "status",  # answer with `status`, `headers` and `body`
    "rst",  # reset the connection before any answer
    "rst_body",  # reset it in the middle of the answer
    "cut",  # end the connection cleanly in the middle of the answer
    "cut_stream",  # a well-formed stream that stops before the answer is finished
    "hang",  # accept the request and never answer
    "hang_body",  # stop in the middle of the answer, connection open
    "slow_headers",  # headers for ever, a byte at a time
    "pings",  # a stream of comments without a token
    "truncated_json", "html", "empty", "wrong_schema", "no_choices", "two_choices",
    "null_content", "reasoning_only", "tool_calls", "gzip_bomb", "huge", "invalid_utf8", "stream_error",
]  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """What happens to one generation request in place of a good answer."""

    kind: Kind = "status"
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = '{"error": {"message": "scripted"}}'
    message: str = "scripted"  # of `stream_error`
    size: int = 12 << 20  # of `huge` and `gzip_bomb`, bytes


FaultScript = Sequence[Fault | None] | Callable[[int, dict[str, Any]], Fault | None]


def fixed_answers(answers: Mapping[str, str | Sequence[str]]) -> Answer:
    """The completion whose marker is in the prompt; of several, the one the seed picks.

    The marker `default` answers all other prompts.
    """

    def answer(prompt: str, seed: int) -> str:
        found = next((text for marker, text in answers.items() if marker != "default" and marker in prompt), None)
        texts = answers.get("default", "no answer is scripted for this prompt") if found is None else found
        return texts if isinstance(texts, str) else texts[seed % len(texts)]

    return answer


def _seeded_answer(prompt: str, seed: int) -> str:
    return f"```python\nprint({random.Random(encode(f'{seed}:{prompt}')).randrange(1000)})\n```"


def tokens_of(text: str) -> list[str]:
    """The scripted model's tokens: four characters each."""
    return [text[i : i + 4] for i in range(0, len(text), 4)]


class ModelServer:
    """The server, in a thread of its own. Attributes may be changed while it runs."""

    def __init__(
        self,
        *,
        answer: Answer = _seeded_answer,
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
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.answer, self.model, self.faults, self.streaming = answer, model, faults, streaming
        self.token = tt_token(jwt_secret) if jwt_secret is not None else token
        self.prefill_s, self.decode_s, self.max_context = prefill_s, decode_s, max_context
        self.tokenizer, self.check_model = tokenizer, check_model
        self.tokens_per_event = tokens_per_event
        self.stopping = threading.Event()  # of this server, or of its present life
        self.moving = threading.Event()  # cleared: it hangs; connections stay open, nothing comes
        self.moving.set()
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
        self._sockets: set[socket.socket] = set()
        self._host = host
        self._http = self._bound(port)
        self.url = f"http://{host}:{self._http.server_port}"
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
            for sock in self._sockets:  # wakes the threads of kept-alive connections
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

    def _bound(self, port: int) -> _HTTP:
        http = _HTTP((self._host, port), _Handler)
        http.script, http.stopping = self, self.stopping
        return http

    def _serve(self) -> None:
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def requests(self) -> int:
        """Generation requests so far."""
        return len(self.bodies)

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


class _HTTP(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    allow_reuse_address = True
    script: ModelServer
    stopping: threading.Event

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.script.lock:
            self.script.connections += 1
            self.script._sockets.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self.script.lock:
            self.script._sockets.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a client that went away is part of the script
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _HTTP
    counted = False  # among the requests in flight

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    # --- routes -----------------------------------------------------------------------------

    def do_GET(self) -> None:
        script = self.server.script
        script.paths.append(self.path)
        if self.path == "/health":
            self.reply(script.health_status, b"")
        elif self.path == "/stats":
            self.reply_json(200, script.stats())
        elif self.path == "/metrics":
            waiting = script.in_flight - script.running
            self.reply(
                200,
                f"vllm:num_requests_running {script.running}\nvllm:num_requests_waiting {waiting}\n"
                f'vllm:generation_tokens_total{{model_name="{script.model}"}} {script.generated_tokens}.0\n'.encode(),
                "text/plain",
            )
        elif not self.authorized():
            self.reply_json(401, {"error": "Unauthorized"})
        elif self.path == "/v1/models":
            row = {"id": script.model, "object": "model", "max_model_len": script.max_context}
            self.reply_json(200, {"object": "list", "data": [row]})
        else:
            self.reply_json(404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        script = self.server.script
        script.paths.append(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.authorized():
            self.reply_json(401, {"error": "Unauthorized"})
            return
        body = json.loads(raw)
        if self.path in ("/v1/chat/completions", "/v1/completions"):
            script.peers.add(self.client_address[0])
            script.request_ids += filter(None, [self.headers.get("X-Request-Id")])
            self.counted = True
            fault = script.arrive(body)
            try:
                if fault is not None:
                    self.misbehave(fault, body)
                else:
                    self.generate(body)
            finally:
                self.leave()
        elif self.path == "/tokenize" and script.tokenizer == "vllm":
            count = len(tokens_of(_prompt(body)))
            answer = {"count": count, "max_model_len": script.max_context, "tokens": list(range(count))}
            self.reply_json(200, answer)
        elif self.path == "/tokenize" and script.tokenizer == "llamacpp":
            self.reply_json(200, {"tokens": list(range(len(tokens_of(body.get("content", "")))))})
        elif self.path == "/apply-template" and script.tokenizer == "llamacpp":
            self.reply_json(200, {"prompt": _prompt(body)})
        else:
            self.reply_json(404, {"detail": "Not Found"})

    def leave(self) -> None:
        """The request is over. Before its last bytes are sent: the client may send the next one at once."""
        if self.counted:
            self.counted = False
            self.server.script.leave()

    def authorized(self) -> bool:
        header = self.headers.get("Authorization")
        self.server.script.seen_authorization.append(header)
        token = self.server.script.token
        return token is None or header == f"Bearer {token}"

    # --- answers ----------------------------------------------------------------------------

    def generate(self, body: dict[str, Any]) -> None:
        script = self.server.script
        if script.check_model and body.get("model") != script.model:
            message = f"The model `{body.get('model')}` does not exist."
            self.reply_json(404, {"error": {"message": message, "type": "NotFoundError", "code": 404}})
            return
        if body.get("stream") and script.streaming == "refused":
            self.reply_json(400, {"error": {"message": "stream is not supported", "code": 400}})
            return
        prompt, wanted = _prompt(body), int(body.get("max_tokens") or 16)
        prompt_tokens = len(tokens_of(prompt))
        if prompt_tokens + wanted > script.max_context:
            message = (
                f"This model's maximum context length is {script.max_context} tokens. However, you requested "
                f"{prompt_tokens + wanted} tokens ({prompt_tokens} in the messages, {wanted} in the completion). "
                "Please reduce the length of the messages or completion."
            )
            self.reply_json(400, {"object": "error", "message": message, "type": "BadRequestError", "code": 400})
            return
        with script.slot():
            text = script.answer(prompt, int(body.get("seed") or 0))
            stops = [text.index(stop) for stop in body.get("stop") or () if stop in text]
            tokens = tokens_of(text[: min(stops)] if stops else text)
            finish = "stop" if len(tokens) <= wanted else "length"
            tokens = tokens[:wanted]
            self.work(script.prefill_s)
            usage = {"prompt_tokens": prompt_tokens, "completion_tokens": len(tokens)}
            if body.get("stream") and script.streaming == "yes":
                self.stream(body, tokens, finish, usage)
            else:
                for _ in tokens[:: script.tokens_per_event]:
                    self.work(script.decode_s * script.tokens_per_event)
                    with script.lock:
                        script.generated_tokens += script.tokens_per_event
                self.leave()
                self.reply_json(200, self.whole("".join(tokens), finish, usage))
        with script.lock:
            script.answered += 1
            script.prompt_tokens += prompt_tokens

    def work(self, seconds: float) -> None:
        """The device is busy with this request for so long; or for ever, while it hangs.

        Raises ConnectionAbortedError when the client is gone: vLLM aborts such a request.
        """
        script, ends = self.server.script, time.monotonic() + seconds
        while True:
            left = ends - time.monotonic()
            if left > 0:
                self.server.stopping.wait(min(left, 0.25))
            elif not script.moving.is_set():
                script.moving.wait(0.25)
            if self.server.stopping.is_set():
                raise ConnectionAbortedError("the server died")
            if (left <= 0 or left > 0.25) and self.client_is_gone():
                with script.lock:
                    script.aborted += 1
                raise ConnectionAbortedError("the client went away")
            if left <= 0 and script.moving.is_set():
                return

    def client_is_gone(self) -> bool:
        if not select.select([self.connection], [], [], 0)[0]:
            return False
        return not self.connection.recv(1, socket.MSG_PEEK)

    def whole(self, text: str | None, finish: str, usage: dict[str, int], **message: Any) -> dict[str, Any]:
        if self.path == "/v1/completions":
            choice: dict[str, Any] = {"index": 0, "text": text, "finish_reason": finish}
        else:
            content = {"role": "assistant", "content": text, **message}
            choice = {"index": 0, "message": content, "finish_reason": finish}
        return {"model": self.server.script.model, "choices": [choice], "usage": usage}

    def stream(self, body: dict[str, Any], tokens: list[str], finish: str, usage: dict[str, int]) -> None:
        script = self.server.script
        self.start_stream()
        if self.path == "/v1/chat/completions":
            self.event(self.delta({"role": "assistant", "content": ""}))
        step = script.tokens_per_event
        for first in range(0, len(tokens), step):
            piece = tokens[first : first + step]
            self.work(script.decode_s * len(piece))
            self.event(self.delta({"content": "".join(piece)}))
            with script.lock:
                script.generated_tokens += len(piece)
        self.event(self.delta({}, finish))
        if (body.get("stream_options") or {}).get("include_usage"):
            self.event({"model": script.model, "choices": [], "usage": usage})
        self.leave()
        self.event(None)

    def delta(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        if self.path == "/v1/completions":
            choice: dict[str, Any] = {"index": 0, "text": delta.get("content", ""), "finish_reason": finish}
        else:
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {"model": self.server.script.model, "choices": [choice]}

    # --- the wire ---------------------------------------------------------------------------

    def reply(self, status: int, body: bytes, content_type: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def reply_json(self, status: int, value: Any) -> None:
        self.reply(status, json.dumps(value).encode())

    def start_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def event(self, value: dict[str, Any] | None) -> None:
        """One server-sent event; None is `[DONE]` and the end of the body."""
        if value is None:
            self.chunk(b"data: [DONE]\n\n")
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.chunk(b"data: " + json.dumps(value).encode() + b"\n\n")

    def reset(self) -> None:
        """Ends the connection with RST rather than FIN."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    # --- faults -----------------------------------------------------------------------------

    def misbehave(self, fault: Fault, body: dict[str, Any]) -> None:
        script, usage = self.server.script, {"prompt_tokens": 1, "completion_tokens": 1}
        streaming = bool(body.get("stream")) and script.streaming == "yes"
        match fault.kind:
            case "status":
                self.reply(fault.status, fault.body.encode(), **fault.headers)
            case "rst":
                self.reset()
            case "rst_body" | "cut" | "hang_body":
                self.half(streaming)
                if fault.kind == "rst_body":
                    self.reset()
                elif fault.kind == "hang_body":
                    self.server.stopping.wait()
                self.close_connection = True
            case "cut_stream":
                self.start_stream()
                self.event(self.delta({"content": "half an ans"}))
                self.wfile.write(b"0\r\n\r\n")
            case "hang":
                self.server.stopping.wait()
                self.close_connection = True
            case "slow_headers":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Endless: ")
                while not self.server.stopping.wait(0.01):
                    self.wfile.write(b"x")
                self.close_connection = True
            case "pings":
                self.start_stream()
                while not self.server.stopping.wait(0.01):
                    self.chunk(b": ping\n\n")
                self.close_connection = True
            case "truncated_json":
                self.reply(200, json.dumps(self.whole("cut off", "stop", usage)).encode()[:-20])
            case "html":
                self.reply(200, b"<html><body>Welcome to the proxy</body></html>", "text/html")
            case "empty":
                self.reply(200, b"")
            case "wrong_schema":
                self.reply_json(200, {"choices": [{"index": 0, "message": "not an object"}]})
            case "no_choices":
                self.reply_json(200, {"model": script.model, "choices": []})
            case "two_choices":
                answer = self.whole("one", "stop", usage)
                self.reply_json(200, answer | {"choices": [answer["choices"][0], answer["choices"][0] | {"index": 1}]})
            case "null_content":
                self.reply_json(200, self.whole(None, "stop", usage))
            case "reasoning_only":
                self.reply_json(200, self.whole(None, "length", usage, reasoning_content="hmm"))
            case "tool_calls":
                self.reply_json(200, self.whole(None, "tool_calls", usage, tool_calls=[{"function": {"name": "f"}}]))
            case "gzip_bomb":
                bomb = gzip.compress(b" " * fault.size)
                self.reply(200, bomb, Content_Encoding="gzip")
            case "huge":
                self.huge(streaming, fault.size, usage)
            case "invalid_utf8":
                good = json.dumps(self.whole("MARK", "stop", usage)).encode()
                self.reply(200, good.replace(b"MARK", b"caf\xe9 \xff"))
            case "stream_error":
                self.start_stream()
                self.event(self.delta({"content": "half"}))
                self.event({"error": {"message": fault.message, "code": fault.status}})
                self.event(None)

    def half(self, streaming: bool) -> None:
        if streaming:
            self.start_stream()
            self.event(self.delta({"content": "half an ans"}))
        else:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"choices": [')

    def huge(self, streaming: bool, size: int, usage: dict[str, int]) -> None:
        if not streaming:
            self.reply_json(200, self.whole("x" * size, "stop", usage))
            return
        self.start_stream()
        for _ in range(size >> 16):
            self.event(self.delta({"content": "x" * (1 << 16)}))
        self.event(self.delta({}, "stop"))
        self.event(None)


def _prompt(body: dict[str, Any]) -> str:
    if "messages" in body:
        return "\n".join(str(message["content"]) for message in body["messages"])
    return str(body.get("prompt", ""))


def main() -> None:
    parser = argparse.ArgumentParser(description="A scripted OpenAI-compatible model server.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--model", default="test/model")
    parser.add_argument("--answers", type=Path, help="JSON: marker in the prompt -> completion, or a list of them")
    parser.add_argument("--faults", type=Path, help="JSON: a list of faults or nulls, one per request")
    parser.add_argument("--token")
    parser.add_argument("--jwt-secret")
    parser.add_argument("--slots", type=int)
    parser.add_argument("--prefill-s", type=float, default=0.0)
    parser.add_argument("--decode-s", type=float, default=0.0)
    parser.add_argument("--max-context", type=int, default=32768)
    parser.add_argument("--any-model", action="store_true", help="serve any model name, as llama.cpp does")
    options = parser.parse_args()
    faults = [row and Fault(**row) for row in json.loads(options.faults.read_text())] if options.faults else []
    server = ModelServer(
        answer=fixed_answers(json.loads(options.answers.read_text())) if options.answers else _seeded_answer,
        model=options.model, token=options.token, jwt_secret=options.jwt_secret, faults=faults, slots=options.slots,
        prefill_s=options.prefill_s, decode_s=options.decode_s, max_context=options.max_context,
        check_model=not options.any_model, host=options.host, port=options.port,
    )  # fmt: skip
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with server:
        print(server.url, flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
