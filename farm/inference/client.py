"""An OpenAI-compatible model server, seen from farm: generate, health, models, and work done.

Streams by default, because only a stream shows whether a slow server is alive; a server that refuses
streaming is asked again without. Every way in which an answer can fail has its own error of
`farm.errors`: nothing that goes wrong here may ever look like a wrong answer of the model.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from farm.errors import BadResponse, InferenceError, ModelNotFound, Transient
from farm.inference.answer_reader import AnswerReader, parse
from farm.inference.connection.event_stream import begins_like_events
from farm.inference.connection.tls import trusting
from farm.inference.connection.transport import Exchange, Transport
from farm.inference.counters import work_done
from farm.inference.flight import Flight
from farm.inference.generation import PINNED_DATE, Generated, GenerateRequest
from farm.inference.read_stream import read_stream
from farm.inference.refusals import error_inside, refusal, refuses_streaming
from farm.inference.stop_strings import cut
from farm.records.finish_reasons import Ending, ending
from farm.text import one_line

__all__ = ["PINNED_DATE", "Client", "GenerateRequest", "Generated"]

ERROR_BODY_BYTES = 64 << 10
SMALL_BODY_BYTES = 4 << 20  # the list of models, the tokens of a prompt


class Client:
    """One model server. Safe to share between threads; use it as a context manager or `close` it.

    `headers` go with each request; `ca` holds authorities that its certificate may be signed by, besides the usual.
    `token_origin` and `url_origin` are the names of the variables they came from, for messages.
    `max_text_chars` caps a completion: what is over is dropped and its finish_reason becomes `length`.
    `control_s` is the deadline of the small questions. Raises ConfigError for a URL or token that
    cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        token_origin: str = "",
        url_origin: str = "",
        headers: Mapping[str, str] | None = None,
        ca: Path | None = None,
        connect_s: float = 10.0,
        control_s: float = 30.0,
        max_text_chars: int = 10 << 20,
    ) -> None:
        self._transport = Transport(
            base_url,
            token=token,
            url_origin=url_origin,
            token_origin=token_origin,
            connect_s=connect_s,
            headers=headers or {},
            context=trusting(ca),
        )
        self._token_origin = token_origin
        self._control_s = control_s
        self._max_text_chars = max_text_chars
        # JSON may spell a character in six bytes, and an answer has some frame around its text
        self._max_body = 6 * max_text_chars + (4 << 20)
        self._streams = True
        self._whole = False  # it was asked to stream and answered all at once

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes all connections."""
        self._transport.close()

    @property
    def base_url(self) -> str:
        return self._transport.base_url

    @property
    def place(self) -> str:
        """The server as messages name it: its URL and the variable that gave it."""
        return self._transport.place

    # --- generate ---------------------------------------------------------------------------

    def generate(self, request: GenerateRequest, flight: Flight | None = None) -> Generated:
        """The model's answer to `request`. `flight` hears of each token, and may end the request.

        Raises an InferenceError: Transient ones may heal (RateLimited, ServerBusy, ServerError, RequestTimeout,
        Stalled, ConnectionLost, BadResponse), Permanent ones do not (AuthRejected, Forbidden, QuotaSpent,
        ModelNotFound, PromptTooLong, RequestRejected, AnswerWithheld).
        Asks once, or twice where the server refuses to stream.
        """
        started = time.monotonic()
        refused = 0
        if self._streams and request.stream and "stream" not in request.omit:
            answered = self._ask(request, started, flight, stream=True)
            if isinstance(answered, Generated):
                return answered
            self._streams = False
            refused = answered
        answered = self._ask(request, started, flight, stream=False)
        assert isinstance(answered, Generated)  # only a stream can be refused as such
        return replace(answered, requests=answered.requests + refused)

    def _ask(self, request: GenerateRequest, started: float, flight: Flight | None, *, stream: bool) -> Generated | int:
        """The answer; if the server refuses to stream, the number of HTTP requests it took to know."""
        deadline_s = max(0.0, started + request.deadline_s - time.monotonic())
        if flight is not None:
            flight.streams = stream and not self._whole
        patience_s = request.first_token_s if stream else deadline_s
        with self._transport.exchange(
            "POST",
            request.path,
            request.body(stream=stream),
            deadline_s=deadline_s,
            patience_s=patience_s,
            on_guard=flight.attach if flight is not None else None,
        ) as exchange:
            if exchange.status != 200:
                body = exchange.read(ERROR_BODY_BYTES)
                if stream and refuses_streaming(exchange.status, body):
                    return exchange.requests
                raise self._refusal(exchange, body, request.path)
            if flight is not None:
                flight.accepted()
            return self._read(exchange, request, started, flight, stream)

    def _read(
        self, exchange: Exchange, request: GenerateRequest, started: float, flight: Flight | None, stream: bool
    ) -> Generated:
        """The answer in the body of an exchange, cut where a stop string begins."""
        where = self._where(request.path)
        reader = AnswerReader(
            chat=bool(request.messages),
            max_chars=self._max_text_chars,
            where=where,
            server_error=lambda error: error_inside(
                error, where=where, token_origin=self._token_origin, redact=self._transport.redact
            ),
        )
        first = None
        # By what comes, not by what the header calls it: proxies and small servers name a stream in many ways
        if begins_like_events(exchange.peek()):
            first = read_stream(
                exchange, reader, max_bytes=self._max_body, stall_s=request.stall_s, flight=flight, where=where,
                redact=self._transport.redact,
            )  # fmt: skip
        else:
            self._whole = self._whole or stream
            reader.add_whole(self._json_body(exchange, request.path, self._max_body))
            reader.check_whole()
        text, stop = cut(reader.text, request.stop)
        finish = "length" if reader.full or ending(reader.finish_reason) is Ending.LENGTH else reader.finish_reason
        return Generated(
            text=text,
            reasoning=reader.reasoning,
            reasoning_field=reader.reasoning_field,
            finish_reason=finish if stop is None else "stop",
            stop_reason=None if reader.stop_reason is None else str(reader.stop_reason),
            cut_at=stop,
            usage=reader.usage,
            model=reader.model,
            latency_s=time.monotonic() - started,
            ttft_s=None if first is None else first - started,
            requests=exchange.requests,
        )

    # --- questions around it ----------------------------------------------------------------

    def health(self) -> bool | None:
        """True if `/health` says that the process is up, None where the server has no such route, or not for us.

        Raises ConnectionLost, ServerError or another InferenceError if it is not up.
        """
        with self._control("GET", "/health", None) as exchange:
            body = exchange.read(ERROR_BODY_BYTES)
            if 300 <= exchange.status < 500:
                return None
            if not 200 <= exchange.status < 300:
                raise self._refusal(exchange, body, "/health")
            return True

    def healthy(self) -> bool:
        """False if the server cannot be reached or says that it is not up."""
        try:
            self.health()
        except Transient:
            return False
        except InferenceError:
            return True  # it answered, so it is up; the request has another fault
        return True

    def work_done(self) -> float | None:
        """What the counters of `/metrics` add up to; None where the server has none, or does not answer in time."""
        try:
            with self._control("GET", "/metrics", None) as exchange:
                body = exchange.read(SMALL_BODY_BYTES)
                return work_done(body.decode("utf-8", "replace")) if exchange.status == 200 else None
        except InferenceError:
            return None

    def version(self) -> str:
        """What the server says of its build: vLLM's `/version`, or llama.cpp's `/props`; '' where it says nothing."""
        for path, field in (("/version", "version"), ("/props", "build_info")):
            try:
                value = self._json("GET", path, None, absent=(401, 403, 404, 405, 501))
            except InferenceError:
                continue
            said = value.get(field) if isinstance(value, dict) else None
            if isinstance(said, str):
                return one_line(said, 100)
        return ""

    def models(self) -> list[dict[str, Any]]:
        """The rows of `/v1/models`, each with its `id`."""
        value = self._json("GET", "/v1/models", None, absent=(404, 405, 501))
        if value is None:
            raise ModelNotFound(
                f"{self.place} has no list of models at {self._where('/v1/models')}",
                remedy="check the server URL; for a server without such a list, give --no-model-list",
            )
        rows = value.get("data") if isinstance(value, dict) else None
        if not isinstance(rows, list) or not all(isinstance(r, dict) and isinstance(r.get("id"), str) for r in rows):
            raise BadResponse(f"{self._where('/v1/models')}: the answer is no list of models")
        return rows

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON answer to a small question; None where the server has no such route."""
        return self._json("POST", path, body, absent=(404, 405, 501))

    def _json(self, method: str, path: str, body: dict[str, Any] | None, absent: tuple[int, ...] = ()) -> Any:
        with self._control(method, path, body) as exchange:
            if exchange.status != 200:
                text = exchange.read(ERROR_BODY_BYTES)
                if exchange.status in absent:
                    return None
                raise self._refusal(exchange, text, path)
            return self._json_body(exchange, path, SMALL_BODY_BYTES)

    def _control(
        self, method: str, path: str, body: dict[str, Any] | None
    ) -> contextlib.AbstractContextManager[Exchange]:
        return self._transport.exchange(method, path, body, deadline_s=self._control_s, patience_s=self._control_s)

    # --- reading ----------------------------------------------------------------------------

    def _json_body(self, exchange: Exchange, path: str, limit: int) -> Any:
        data = exchange.read(limit)
        if len(data) > limit:
            raise BadResponse(f"{self._where(path)}: the answer is over {limit} bytes")
        return parse(data, where=self._where(path), redact=self._transport.redact)

    def _refusal(self, exchange: Exchange, body: bytes, path: str) -> InferenceError:
        return refusal(
            exchange.status,
            exchange.headers,
            body,
            where=self._where(path),
            token_origin=self._token_origin,
            redact=self._transport.redact,
        )

    def _where(self, path: str) -> str:
        return self._transport.url(path)
