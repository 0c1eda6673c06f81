"""What a scripted model server says: its answers, and which requests go wrong in which way."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

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
    "finish",  # half an answer that ends with the finish reason `message`
    "cut_blank",  # a stream with `finish_reason: ""` in each chunk that stops before the answer is finished
    "choice_error",  # half an answer with an error in its choice
    "error_event",  # half an answer, then `event: error`
    "error_object",  # HTTP 200 with `{"object": "error"}`
]  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """What happens to one generation request in place of a good answer."""

    kind: Kind = "status"
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = '{"error": {"message": "scripted"}}'
    message: str = "scripted"  # of `finish` and the errors after HTTP 200
    size: int = 12 << 20  # of `huge` and `gzip_bomb`, bytes


@dataclass
class Quota:
    """`requests` are taken in each window of `seconds`, counted from the first; others are refused."""

    requests: int
    seconds: float
    status: int = 429
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = '{"error": {"message": "too many requests"}}'
    refused: int = 0
    _window: int = -1
    _taken: int = 0
    _began: float | None = None

    def take(self, now: float) -> bool:
        """Whether a request that comes at `now` (seconds) is taken."""
        self._began = now if self._began is None else self._began
        window = int((now - self._began) / self.seconds)
        if window != self._window:
            self._window, self._taken = window, 0
        if self._taken < self.requests:
            self._taken += 1
            return True
        self.refused += 1
        return False


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


def seeded_answer(prompt: str, seed: int) -> str:
    return f"```python\nprint({random.Random(encode(f'{seed}:{prompt}')).randrange(1000)})\n```"


def tokens_of(text: str) -> list[str]:
    """The scripted model's tokens: four characters each."""
    return [text[i : i + 4] for i in range(0, len(text), 4)]


def prompt_of(body: dict[str, Any]) -> str:
    if "messages" in body:
        return "\n".join(str(message["content"]) for message in body["messages"])
    return str(body.get("prompt", ""))
