"""Reads the answers of an OpenAI-compatible server: whole bodies and the chunks of a stream. Pure.

Servers and proxies decorate their answers in many ways, so parts that say nothing are skipped. A missing or
spoiled part raises BadResponse; an error object anywhere in the answer is raised as the server's error.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from farm.errors import AnswerWithheld, BadResponse, InferenceError, ServerError
from farm.inference.connection.event_stream import BYTE_ORDER_MARK
from farm.records import Usage
from farm.records.finish_reasons import Ending, ending, stated
from farm.text import decode_output, one_line

TOKENS_MOST = 1 << 53  # beyond this a count of tokens is nonsense, and no JSON reader agrees on it


class AnswerReader:
    """An answer as it grows. `max_chars` caps text and reasoning together; what is over is dropped.

    `server_error` makes the error that is raised for an `error` in the answer out of its value.
    """

    def __init__(
        self, *, chat: bool, max_chars: int, where: str, server_error: Callable[[Any], InferenceError]
    ) -> None:
        self._chat = chat
        self._room = max_chars
        self._where = where
        self.error = server_error
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._tool_calls = False
        self._seen_choice = False
        self._content_is_null = True  # it was never a string, not even an empty one
        self._went_on = False  # text came after a finish reason, so the reason is no proof of an end
        self.full = False
        self.finish_reason: str | None = None
        self.stop_reason: str | int | None = None  # vLLM: the stop string or the token that ended the answer
        self.usage = Usage()
        self.reasoning_field = ""  # that holds the reasoning, where there is any
        self.model: str | None = None

    @property
    def text(self) -> str:
        return "".join(self._text)

    @property
    def reasoning(self) -> str | None:
        return "".join(self._reasoning) or None

    @property
    def started(self) -> bool:
        """True once a token is there."""
        return bool(self._text or self._reasoning)

    def add_whole(self, value: Any) -> None:
        """Takes the body of an answer that was not streamed."""
        self._about(value)
        choices = value.get("choices")
        if not isinstance(choices, list):
            raise self._without_choices(value)
        self._choices(choices, "message")

    def add_chunk(self, value: Any) -> None:
        """Takes one chunk of a stream; one without choices tells at most the usage or the model."""
        self._about(value)
        choices = value.get("choices")
        if choices is None:
            return
        if not isinstance(choices, list):
            raise self.bad("a chunk's `choices` is no list")
        self._choices(choices, "delta")

    def check_whole(self) -> None:
        """Raises unless this is the whole of an answer, be it an empty one; for a body that was not streamed.

        Null content stands for an answer of another kind, unless the token limit ended it before the first word.
        """
        self._check()
        if not self.started and self._content_is_null and ending(self.finish_reason) is not Ending.LENGTH:
            raise self.bad("the answer's content is null")

    def check_stream(self, *, done: bool) -> None:
        """The same for a stream that has ended; `done`: with `[DONE]`. A stream without a word is an empty answer."""
        if not done and (self.finish_reason is None or self._went_on):
            raise self.bad("the stream ended before the answer was finished")
        self._check()

    def bad(self, what: str) -> BadResponse:
        return BadResponse(f"{self._where}: {what}")

    # --- the parts of an answer ---------------------------------------------------------------------

    def _about(self, value: Any) -> None:
        if not isinstance(value, dict):
            raise self.bad("the answer is no JSON object")
        error = _error_in(value)
        if error is not None:
            raise self.error(error)
        if isinstance(value.get("model"), str):
            self.model = value["model"]
        usage = _usage(value.get("usage"))
        self.usage = self.usage if usage is None else usage

    def _choices(self, choices: list[Any], part: str) -> None:
        if len(choices) > 1 or any(not isinstance(c, dict) or c.get("index") not in (0, None) for c in choices):
            raise self.bad("the answer has more choices than the one that was asked for")
        for choice in choices:
            self._seen_choice = True
            self._choice(choice, part)

    def _choice(self, choice: dict[str, Any], part: str) -> None:
        ended, before = self.finish_reason is not None, len(self._text)
        if self._chat:
            self._message(choice, part)
        else:
            self._take(choice.get("text"), self._text)
        self._went_on = self._went_on or (ended and len(self._text) > before)
        self.finish_reason = stated(choice.get("finish_reason")) or self.finish_reason
        if isinstance(choice.get("stop_reason"), str | int):
            self.stop_reason = choice["stop_reason"]

    def _message(self, choice: dict[str, Any], part: str) -> None:
        message = choice.get(part)
        if message is None and part == "delta":
            # Some servers stream the whole message in one event, or repeat it in the last one
            message = {} if self.started else choice.get("message") or {}
        if not isinstance(message, dict):
            raise self.bad(f"the answer's choice has no `{part}`")
        # vLLM calls it reasoning_content, from 0.12 on reasoning
        for name in ("reasoning_content", "reasoning"):
            if message.get(name):
                self._take(message[name], self._reasoning)
                self.reasoning_field = self.reasoning_field or name
                break
        self._take(message.get("content"), self._text)
        self._tool_calls = self._tool_calls or bool(message.get("tool_calls"))

    def _take(self, piece: Any, to: list[str]) -> None:
        if piece is None:
            return
        if not isinstance(piece, str):
            raise self.bad(f"the answer's content is no text but a {type(piece).__name__}")
        if to is self._text:
            self._content_is_null = False
        if len(piece) > self._room:
            self.full, piece = True, piece[: self._room]
        if piece:
            self._room -= len(piece)
            to.append(piece)

    def _check(self) -> None:
        if not self._seen_choice:
            raise self.bad("the answer has no choice in it")
        how = ending(self.finish_reason)
        said = (
            f"{self._where}: the server ended the answer with finish_reason {one_line(self.finish_reason or '', 60)!r}"
        )
        if how is Ending.BROKEN:
            raise ServerError(said)
        if how is Ending.WITHHELD:
            raise AnswerWithheld(said, remedy="the answer was filtered, so this sample has no verdict")
        if self._tool_calls and not self.started:
            raise self.bad("the model answered with a tool call in place of text")

    def _without_choices(self, value: dict[str, Any]) -> InferenceError:
        """Proxies answer 200 with a body that tells what is wrong."""
        words = next((value[name] for name in ("message", "detail", "msg") if isinstance(value.get(name), str)), None)
        return self.bad("the answer has no `choices`") if words is None else self.error(value)


def parse(data: bytes, *, where: str, redact: Callable[[str], str]) -> Any:
    """The JSON value in `data`, a byte-order mark before it or not; invalid UTF-8 inside its strings is kept as lone
    surrogates. BadResponse if it is none."""
    text = decode_output(data.removeprefix(BYTE_ORDER_MARK))
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as exc:
        shown = f"it begins with {one_line(redact(text), 80)!r}" if text.strip() else "it is empty"
        raise BadResponse(f"{where}: the answer is no JSON, {shown}") from exc


def _error_in(value: dict[str, Any]) -> Any:
    """The error that an answer holds, at any of the places where servers put one; None without one."""
    if value.get("error"):
        return value["error"]
    if "error" in (value.get("object"), value.get("type")):
        return value
    choices = value.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        parts = [choice, choice.get("delta"), choice.get("message")] if isinstance(choice, dict) else []
        for part in parts:
            if isinstance(part, dict) and part.get("error"):
                return part["error"]
    return None


def _usage(value: Any) -> Usage | None:
    """The counts in a `usage`; None if there are none, or nonsense, which proves nothing of the answer."""
    if not isinstance(value, dict):
        return None
    counts = [value.get(name) for name in ("prompt_tokens", "completion_tokens")]
    for count in counts:
        if count is not None and (
            not isinstance(count, int) or isinstance(count, bool) or not 0 <= count < TOKENS_MOST
        ):
            return None
    if counts == [None, None]:
        return None
    reasoning = _reasoning_tokens(value, counts[1])
    return Usage(prompt_tokens=counts[0], completion_tokens=counts[1], reasoning_tokens=reasoning)


def _reasoning_tokens(usage: dict[str, Any], most: int | None) -> int | None:
    """Tokens of reasoning where a `usage` counts them apart: OpenAI's detail, SGLang's field; zero proves nothing."""
    details = usage.get("completion_tokens_details")
    for value in (
        details.get("reasoning_tokens") if isinstance(details, dict) else None,
        usage.get("reasoning_tokens"),
    ):
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= (most or TOKENS_MOST):
            return value
    return None
