"""How many tokens an answer may have: what is wanted, or what the context leaves after the prompt.

Without this, a server with a small context refuses every sample (HTTP 400) because prompt and
max_tokens together are too much, though the answers would have been short.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from farm.errors import PromptTooLong, RequestRejected
from farm.inference.client import Client, GenerateRequest
from farm.text import encode

# For servers without a tokenizer. Code and English have 3 to 5 bytes per token, digits down to one.
BYTES_PER_TOKEN = 2
TOKENS_PER_MESSAGE = 16  # what a chat template puts around each message
TEMPLATE_TOKENS = 128  # and before all of them: a default system prompt, a date


@dataclass(frozen=True)
class PromptSize:
    """Tokens of a prompt; `counted` by the server's own tokenizer, or else estimated."""

    tokens: int
    counted: bool


def fit(client: Client, request: GenerateRequest, max_context: int) -> tuple[GenerateRequest, PromptSize]:
    """`request` with max_tokens lowered to what `max_context` leaves, and the size of its prompt.

    Asks the server's tokenizer only where it could matter: no token of a byte-level vocabulary is
    shorter than a byte, so most prompts fit for sure. Raises PromptTooLong if the prompt leaves no
    room for a single token.
    """
    size = estimate(request, bytes_per_token=1)
    if size.tokens + request.max_tokens <= max_context:
        return request, estimate(request)
    size = count(client, request) or estimate(request)
    room = max_context - size.tokens
    if room < 1:
        about = "" if size.counted else "about "
        raise PromptTooLong(
            f"the prompt has {about}{size.tokens} tokens, the context of {request.model} is {max_context}",
            remedy="serve the model with a longer context or leave this problem out",
        )
    return replace(request, max_tokens=min(request.max_tokens, room)), size


def estimate(request: GenerateRequest, bytes_per_token: int = BYTES_PER_TOKEN) -> PromptSize:
    """A guess without a tokenizer, rather high."""
    texts = [m.content for m in request.messages] or [request.prompt or ""]
    tokens = sum(len(encode(text)) // bytes_per_token + TOKENS_PER_MESSAGE for text in texts)
    return PromptSize(tokens + (TEMPLATE_TOKENS if request.messages else 0), counted=False)


def count(client: Client, request: GenerateRequest) -> PromptSize | None:
    """The prompt's tokens as the server counts them, None where it has no tokenizer route.

    vLLM's `/tokenize` takes chat messages and answers with a `count`. llama.cpp's has the same route
    but ignores messages (it answers with no tokens at all), so there the template is applied first.
    """
    fields = request.input_fields()
    text = request.prompt
    try:
        answer = client.post(
            "/tokenize", {"model": request.model, **fields, "content": text or "", "add_special": True}
        )
        if isinstance(answer, dict) and isinstance(answer.get("count"), int):
            return PromptSize(answer["count"], counted=True)
        if answer is not None and request.messages:
            templated = client.post("/apply-template", fields)
            text = templated.get("prompt") if isinstance(templated, dict) else None
            answer = text and client.post("/tokenize", {"content": text, "parse_special": True})
    except RequestRejected:
        return None  # the generation itself will say what is wrong, if it is the prompt
    return _token_list(answer)


def _token_list(answer: Any) -> PromptSize | None:
    tokens = answer.get("tokens") if isinstance(answer, dict) else None
    return PromptSize(len(tokens), counted=True) if isinstance(tokens, list) and tokens else None
