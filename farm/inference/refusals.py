"""From an HTTP status to the error that says who is to blame and whether another try can heal it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from farm.errors import (
    AuthRejected,
    InferenceError,
    ModelNotFound,
    PromptTooLong,
    RateLimited,
    RequestRejected,
    ServerError,
)
from farm.text import decode_output, one_line

RETRY_AFTER_CAP_S = 3600.0

# Wordings of vLLM 0.6 to 0.15 and llama.cpp for "prompt and max_tokens do not fit the context".
_OVERFLOW = re.compile(
    r"maximum context length|context length is only|context_length_exceeded|exceed_context_size"
    r"|exceeds? the available context|longer than the maximum model length|prompt[^.]{0,60}is too long"
    r"|max_tokens must be at least 1, got -|reduce the length of the",
    re.IGNORECASE,
)
_STREAM = re.compile(r"\bstream(ing|_options)?\b", re.IGNORECASE)


def refusal(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    where: str,
    token_origin: str,
    redact: Callable[[str], str],
) -> InferenceError:
    """The error for an answer that is not 2xx.

    `where` names the request, `redact` takes the token out of what the server says.
    """
    text = redact(error_text(body))
    said = f": {one_line(text, 300)}" if text.strip() else ""
    answer = f"{where} answered HTTP {status}{said}"
    if status in (401, 403):
        renew = f"check {token_origin}" if token_origin else "set FARM_API_KEY, VLLM_API_KEY or JWT_SECRET"
        return AuthRejected(answer, remedy=f"{renew}, then resume the run")
    if status == 429:
        return RateLimited(answer, retry_after_s=retry_after_s(headers.get("Retry-After")))
    if status in (400, 413, 422, 500) and _OVERFLOW.search(text):
        return PromptTooLong(answer, remedy="lower max_tokens or serve the model with a longer context")
    if status == 408 or status >= 500:
        return ServerError(answer)
    if status == 404:
        return ModelNotFound(answer, remedy="check the server URL and the name of the served model")
    if 300 <= status < 400:
        target = one_line(redact(headers.get("Location", "nowhere")), 200)
        return RequestRejected(
            f"{where} redirects to {target} (HTTP {status})",
            remedy="redirects are not followed, lest the token goes elsewhere: give the final URL",
        )
    return RequestRejected(answer)


def refuses_streaming(status: int, body: bytes) -> bool:
    """True if the server says that it is streaming that it will not do."""
    return status in (400, 405, 415, 422, 501) and bool(_STREAM.search(error_text(body)))


def error_text(body: bytes) -> str:
    """The server's own words: OpenAI's, vLLM's older and FastAPI's error bodies, or the text itself."""
    text = decode_output(body)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(value, dict):
        return text
    error = value.get("error", value)
    if not isinstance(error, dict):
        return str(error)
    known = [error.get(name) for name in ("type", "message", "detail")]
    return " ".join(str(part) for part in known if part) or text


def retry_after_s(value: str | None, now: datetime | None = None) -> float | None:
    """The seconds that a Retry-After header asks for (a number or an HTTP date), in 0 .. RETRY_AFTER_CAP_S.

    None if there is none or it makes no sense.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = parsedate_to_datetime(value)
        except ValueError:
            return None
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        seconds = (date - (now or datetime.now(UTC))).total_seconds()
    return None if math.isnan(seconds) else min(max(0.0, seconds), RETRY_AFTER_CAP_S)


def stream_error(error: Any, **context: Any) -> InferenceError:
    """The error for an `error` event inside a stream; its code counts as the HTTP status."""
    code = error.get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) and 400 <= code < 600 else 500
    return refusal(status, {}, json.dumps({"error": error}).encode(), **context)
