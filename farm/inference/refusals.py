"""From an HTTP status to the error that says who is to blame and whether another try can heal it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from farm.errors import (
    AuthRejected,
    Forbidden,
    InferenceError,
    ModelNotFound,
    PromptTooLong,
    QuotaSpent,
    RateLimited,
    RequestRejected,
    ServerBusy,
    ServerError,
)
from farm.inference.rate_limits import wait_asked_for
from farm.text import decode_output, one_line

BUSY = (502, 503, 504)  # the server, or what stands before it, takes no requests for now

# Wordings of vLLM 0.6 to 0.32, SGLang and llama.cpp for "prompt and max_tokens do not fit the context".
_OVERFLOW = re.compile(
    r"maximum context length|context length is only|context_length_exceeded|exceed_context_size"
    r"|exceeds? the available context|longer than the maximum model length|prompt[^.]{0,60}is too long"
    r"|max_tokens must be at least 1, got -|reduce the length of the"
    r"|max_(completion_)?tokens\W[^.]{0,60}(cannot be greater than|is too large)|request fewer output tokens"
    r"|exceeds? (the )?(model'?s? )?(maximum )?(context|allowed) (window|length)",
    re.IGNORECASE,
)
_QUOTA = re.compile(
    r"insufficient[_ ](quota|credits?|balance|funds)|exceeded your current quota|credit balance|out of credits"
    r"|billing[_ ](hard|details|not)|payment required",
    re.IGNORECASE,
)
_STREAM = re.compile(r"\bstream(ing|_options)?\b", re.IGNORECASE)
# What an error inside an answer is called where it has no number
_TYPES: Mapping[str, int] = {
    "rate_limit": 429, "too_many_requests": 429, "insufficient_quota": 429, "overloaded": 503, "unavailable": 503,
    "authentication": 401, "permission": 403,
}  # fmt: skip


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
    renew = f"check {token_origin}" if token_origin else "set FARM_API_KEY, VLLM_API_KEY or JWT_SECRET"
    if status == 402 or (status in (403, 429) and _QUOTA.search(text)):
        return QuotaSpent(answer, remedy="raise the quota of the key, then resume the run")
    if status == 401:
        return AuthRejected(answer, remedy=f"{renew}, then resume the run")
    if status == 403:
        return Forbidden(answer, remedy=f"{renew}, then resume the run")
    if status == 429:
        return RateLimited(answer, retry_after_s=wait_asked_for(headers))
    if status in (400, 413, 422, 500) and _OVERFLOW.search(text):
        return PromptTooLong(answer, remedy="lower max_tokens or serve the model with a longer context")
    if status in BUSY:
        return ServerBusy(answer, retry_after_s=wait_asked_for(headers))
    if status == 408 or status >= 500:
        return ServerError(answer)
    if status == 404:
        return ModelNotFound(answer, remedy="check the server URL and the name of the served model")
    if 300 <= status < 400:
        target = one_line(redact(headers.get("Location", "nowhere")), 200)
        return RequestRejected(
            f"{where} redirects to {target} (HTTP {status})",
            remedy="redirects are not followed, because they would take the token elsewhere: give the final URL",
        )
    return RequestRejected(answer)


def error_inside(error: Any, *, where: str, token_origin: str, redact: Callable[[str], str]) -> InferenceError:
    """The error for one that an answer holds after HTTP 200; its own number or type counts as the HTTP status."""
    body = json.dumps({"error": error}).encode()
    found = refusal(_status_of(error), {}, body, where=where, token_origin=token_origin, redact=redact)
    found.message = found.message.replace("answered HTTP", "answered HTTP 200, then error", 1)
    return found


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
    known = [error.get(name) for name in ("type", "code", "message", "detail", "msg")]
    words = " ".join(str(part) for part in known if isinstance(part, str) and part)
    return words or (text if error is value else json.dumps(error))


def _status_of(error: Any) -> int:
    """The HTTP status that an error states as a number or by its type; 500 if it states none."""
    if not isinstance(error, dict):
        return 500
    for name in ("code", "status", "status_code", "http_code"):
        value = error.get(name)
        number = int(value) if isinstance(value, str) and re.fullmatch("[0-9]{3}", value) else value
        if isinstance(number, int) and 400 <= number < 600:
            return number
    kind = " ".join(str(error.get(name)) for name in ("type", "code")).lower()
    return next((status for word, status in _TYPES.items() if word in kind), 500)
