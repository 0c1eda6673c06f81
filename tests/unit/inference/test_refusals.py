"""What an HTTP status means for the sample and the run."""

from __future__ import annotations

import json

import pytest

from farm.errors import (
    AuthRejected,
    Forbidden,
    InferenceError,
    ModelNotFound,
    Permanent,
    PromptTooLong,
    QuotaSpent,
    RateLimited,
    RequestRejected,
    ServerBusy,
    ServerError,
)
from farm.inference.refusals import error_inside, refusal, refuses_streaming


def refused(status: int, message: str = "no", token: str = "", **headers: str) -> InferenceError:
    body = json.dumps({"error": {"message": message, "code": status}}).encode()

    def redact(text: str) -> str:
        return text.replace(token, "[token]") if token else text

    return refusal(status, headers, body, where="http://s/v1", token_origin="JWT_SECRET", redact=redact)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, RequestRejected), (400, RequestRejected), (401, AuthRejected), (402, QuotaSpent), (403, Forbidden),
        (404, ModelNotFound), (405, RequestRejected), (408, ServerError), (418, RequestRejected),
        (422, RequestRejected), (429, RateLimited), (500, ServerError), (502, ServerBusy),
        (503, ServerBusy), (504, ServerBusy), (599, ServerError),
    ],
)  # fmt: skip
def test_kind_by_status(status: int, kind: type[InferenceError]) -> None:
    error = refused(status)
    assert type(error) is kind
    assert "\n" not in str(error)
    assert str(status) in str(error)


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 2048 tokens. However, you requested 2100 tokens (100 in the "
        "messages, 2000 in the completion). Please reduce the length of the messages or completion.",
        "'max_tokens' or 'max_completion_tokens' is too large: 4000. This model's maximum context length is 2048 "
        "tokens and your request has 100 input tokens (4000 > 2048 - 100).",
        "You passed 4097 input tokens and requested 16 output tokens. However, the model's context length is only "
        "4096 tokens.",
        "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
        "max_tokens must be at least 1, got -186.",
        "Input prompt (2664 tokens) is too long and exceeds limit of 2048",
        "request (4031 tokens) exceeds the available context size (2048 tokens), try increasing it",
        "the request exceeds the available context size. try increasing the context size",
        "max_tokens=40000 cannot be greater than max_model_len=max_total_tokens=2048. Please request fewer output "
        "tokens. (parameter=max_tokens, value=40000)",
        "max_completion_tokens=300cannot be greater than max_model_len=204. Please request fewer output tokens.",
    ],
)
def test_context_overflow_in_the_words_of_vllm_and_llamacpp(message: str) -> None:
    assert isinstance(refused(400, message), PromptTooLong)


@pytest.mark.parametrize("message", ["temperature must be non-negative", "max_tokens must be at least 1, got 0."])
def test_other_400s_are_not_overflow(message: str) -> None:
    assert type(refused(400, message)) is RequestRejected


def test_llamacpp_names_overflow_by_type() -> None:
    body = b'{"error": {"code": 400, "message": "x", "type": "exceed_context_size_error"}}'
    error = refusal(400, {}, body, where="w", token_origin="", redact=str)
    assert isinstance(error, PromptTooLong)


@pytest.mark.parametrize(
    "body",
    [
        b'{"object": "error", "message": "older vLLM", "code": 400}',
        b'{"detail": "older vLLM"}',
        b'{"error": "older vLLM"}',
        b"older vLLM",
        b"older vLLM \xff\x1b[31m",
        b'["older vLLM"]',
    ],
)
def test_the_servers_words_are_shown_whatever_their_form(body: bytes) -> None:
    error = refusal(400, {}, body, where="w", token_origin="", redact=str)
    assert "older vLLM" in str(error)
    assert "\x1b" not in str(error)


def test_a_refused_key_names_the_variable_and_never_the_value() -> None:
    error = refused(401, "bad key s3cr3t", token="s3cr3t")
    assert "check JWT_SECRET" in str(error)
    assert "s3cr3t" not in str(error)
    assert isinstance(error, Permanent)


def test_a_redirect_names_its_target() -> None:
    error = refused(307, Location="http://elsewhere.example/v1")
    assert "http://elsewhere.example/v1" in str(error)
    assert "give the final URL" in error.remedy


def test_retry_after_reaches_the_error() -> None:
    error = refused(429, **{"Retry-After": "12"})
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == 12.0


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("words", ["You exceeded your current quota, check billing", "insufficient_quota"])
def test_a_spent_quota_is_no_rate_limit(status: int, words: str) -> None:
    error = refused(status, words)
    assert isinstance(error, QuotaSpent)
    assert "then resume the run" in error.remedy


def test_a_rate_limit_that_is_called_a_quota_heals() -> None:
    assert isinstance(refused(429, "Quota exceeded for requests per minute"), RateLimited)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("overloaded", ServerError), ({"message": "x"}, ServerError), ({"code": 429, "message": "x"}, RateLimited),
        ({"code": "429"}, RateLimited), ({"type": "rate_limit_error", "message": "x"}, RateLimited),
        ({"type": "overloaded_error"}, ServerBusy), ({"status": 401}, AuthRejected), ({"code": 0}, ServerError),
        ({"code": "insufficient_quota", "message": "x"}, QuotaSpent), (["x"], ServerError), (7, ServerError),
        ({"code": 400, "message": "maximum context length is 10"}, PromptTooLong),
    ],
)  # fmt: skip
def test_an_error_inside_an_answer(error: object, kind: type[InferenceError]) -> None:
    found = error_inside(error, where="http://s/v1", token_origin="", redact=str)
    assert type(found) is kind
    assert "HTTP 200" in str(found)


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (400, "streaming is not supported", True),
        (422, "stream_options: extra inputs are not permitted", True),
        (501, "Stream mode not implemented", True),
        (400, "the upstream said no", False),
        (503, "stream broken", False),
    ],
)
def test_refusal_of_streaming(status: int, message: str, expected: bool) -> None:
    assert refuses_streaming(status, json.dumps({"error": {"message": message}}).encode()) is expected
