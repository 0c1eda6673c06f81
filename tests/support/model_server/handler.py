"""The routes of a model server, and its good answers."""

from __future__ import annotations

import json
import select
import socket
import time
from typing import Any

from tests.support.model_server.faults import misbehave
from tests.support.model_server.script import prompt_of, tokens_of
from tests.support.model_server.thinking import parts, thinks
from tests.support.model_server.wire import Wire


class Handler(Wire):
    """One connection."""

    counted = False  # among the requests in flight

    # --- routes -----------------------------------------------------------------------------

    def arrived(self) -> None:
        """Notes the path as it was sent; from then on it is that of a server whose API is below /v1."""
        script = self.server.script
        script.paths.append(self.path)
        if script.api != "/v1":
            below = self.path.startswith(f"{script.api}/")
            self.path = f"/v1{self.path.removeprefix(script.api)}" if below else f"/elsewhere{self.path}"

    def do_GET(self) -> None:
        script = self.server.script
        self.arrived()
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
        elif self.path == "/v1/models" and script.rows:
            self.reply_json(200, {"object": "list", "data": script.rows})
        elif self.path == "/version" and script.version:
            self.reply_json(200, {"version": script.version})
        else:
            self.reply_json(404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        script = self.server.script
        self.arrived()
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.authorized():
            self.reply_json(401, {"error": "Unauthorized"})
            return
        body = json.loads(raw)
        if self.path in ("/v1/chat/completions", "/v1/completions"):
            script.peers.add(self.client_address[0])
            script.request_ids += filter(None, [self.headers.get("X-Request-Id")])
            self.counted = True
            self.link = script.links[script.requests % len(script.links)]
            fault = script.arrive(body)
            try:
                if fault is not None:
                    misbehave(self, fault, body)
                else:
                    self.generate(body)
            finally:
                self.leave()
        elif self.path == "/tokenize" and script.tokenizer == "vllm":
            count = len(tokens_of(prompt_of(body)))
            answer = {"count": count, "max_model_len": script.max_context, "tokens": list(range(count))}
            self.reply_json(200, answer)
        elif self.path == "/tokenize" and script.tokenizer == "llamacpp":
            self.reply_json(200, {"tokens": list(range(len(tokens_of(body.get("content", "")))))})
        elif self.path == "/apply-template" and script.tokenizer == "llamacpp":
            self.reply_json(200, {"prompt": prompt_of(body)})
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
        script = self.server.script
        if any(self.headers.get(name) != value for name, value in script.headers.items()):
            return False
        return script.token is None or header == f"Bearer {script.token}"

    # --- answers ----------------------------------------------------------------------------

    def generate(self, body: dict[str, Any]) -> None:
        script = self.server.script
        unknown = [name for name in script.refuses if name in body]
        if unknown:
            message = f"Unrecognized request argument supplied: {unknown[0]}"
            self.reply_json(400, {"error": {"message": message, "type": "invalid_request_error", "code": None}})
            return
        if script.check_model and body.get("model") not in script.served:
            message = f"The model `{body.get('model')}` does not exist."
            self.reply_json(404, {"error": {"message": message, "type": "NotFoundError", "code": 404}})
            return
        if body.get("stream") and script.streaming == "refused":
            self.reply_json(400, {"error": {"message": "stream is not supported", "code": 400}})
            return
        prompt, wanted = prompt_of(body), int(body.get("max_tokens") or 16)
        prompt_tokens = len(tokens_of(prompt))
        if prompt_tokens + wanted > script.max_context:
            message = (
                f"This model's maximum context length is {script.max_context} tokens. However, you requested "
                f"{prompt_tokens + wanted} tokens ({prompt_tokens} in the messages, {wanted} in the completion). "
                "Please reduce the length of the messages or completion."
            )
            self.reply_json(400, {"object": "error", "message": message, "type": "BadRequestError", "code": 400})
            return
        stops = body.get("stop") or []
        if script.stops_most is not None and len(stops) > script.stops_most:
            self.reply_json(400, {"error": {"message": f"at most {script.stops_most} stop strings", "code": 400}})
            return
        with script.slot():
            text, field = script.answer(prompt, int(body.get("seed") or 0)), ""
            if thinks(script.thinking, script.thinks_by_default, body):
                field, text = parts(script.thinking, text)
            thought, tokens = tokens_of(field), tokens_of(self.stopped(text, stops))
            finish = "stop" if len(thought) + len(tokens) <= wanted else "length"
            thought, tokens = thought[:wanted], tokens[: max(0, wanted - len(thought))]
            self.work(script.prefill_s)
            usage: dict[str, Any] = {
                "prompt_tokens": prompt_tokens, "completion_tokens": len(thought) + len(tokens)
            }  # fmt: skip
            if thought and script.counts_reasoning:
                usage["completion_tokens_details"] = {"reasoning_tokens": len(thought)}
            if body.get("stream") and script.streaming == "yes":
                self.stream(body, tokens, finish, usage, thought)
            else:
                for _ in tokens[:: script.tokens_per_event]:
                    self.work(script.decode_s * script.tokens_per_event)
                    with script.lock:
                        script.generated_tokens += script.tokens_per_event
                self.leave()
                apart = {script.thinking: "".join(thought)} if thought else {}
                self.reply_json(200, self.whole("".join(tokens) or (None if thought else ""), finish, usage, **apart))
        with script.lock:
            script.answered += 1
            script.prompt_tokens += prompt_tokens

    def stopped(self, text: str, stops: list[str]) -> str:
        """The text up to the earliest stop string; with it, where it is left in; all of it, if none is obeyed."""
        if self.server.script.stops == "ignored":
            return text
        ends = [(text.index(stop), stop) for stop in stops if stop in text]
        if not ends:
            return text
        place, stop = min(ends)
        return text[: place + len(stop)] if self.server.script.stops == "left in" else text[:place]

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

    def whole(self, text: str | None, finish: str, usage: dict[str, Any], **message: Any) -> dict[str, Any]:
        if self.path == "/v1/completions":
            choice: dict[str, Any] = {"index": 0, "text": text, "finish_reason": finish}
        else:
            content = {"role": "assistant", "content": text, **message}
            choice = {"index": 0, "message": content, "finish_reason": finish}
        return {"model": self.server.script.model, "choices": [choice], "usage": usage}

    def stream(
        self, body: dict[str, Any], tokens: list[str], finish: str, usage: dict[str, Any], thought: list[str]
    ) -> None:
        script = self.server.script
        self.start_stream()
        if self.path == "/v1/chat/completions":
            self.event(self.delta({"role": "assistant", "content": ""}))
        for word in thought:
            self.event(self.delta({script.thinking: word}))
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
