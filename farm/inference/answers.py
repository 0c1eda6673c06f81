"""Reads the answers of an OpenAI-compatible server: whole bodies and streams of events. Pure.

Anything that the API does not promise is BadResponse; the words of the model are taken as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from farm.errors import BadResponse
from farm.records import Usage
from farm.text import decode_output, one_line


class Answer:
    """An answer as it grows. `max_chars` caps text and reasoning together; what is over is dropped."""

    def __init__(self, *, chat: bool, max_chars: int, where: str) -> None:
        self._chat = chat
        self._room = max_chars
        self._where = where
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._tool_calls = False
        self._seen_choice = False
        self._said_nothing = True  # content was never a string, not even an empty one
        self.full = False
        self.finish_reason: str | None = None
        self.usage = Usage()
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

    def add(self, value: Any, *, part: str) -> None:
        """Takes a whole body (`part="message"`) or one event of a stream (`part="delta"`)."""
        if not isinstance(value, dict):
            raise self.bad("the answer is no JSON object")
        if isinstance(value.get("model"), str):
            self.model = value["model"]
        if value.get("usage") is not None:
            self.usage = self._usage(value["usage"])
        choices = value.get("choices")
        if not isinstance(choices, list):
            raise self.bad("the answer has no `choices`")
        if len(choices) > 1 or any(not isinstance(c, dict) or c.get("index", 0) != 0 for c in choices):
            raise self.bad("the answer has more choices than the one that was asked for")
        for choice in choices:
            self._seen_choice = True
            self._choice(choice, part)

    def check(self, *, streamed: bool) -> None:
        """Raises BadResponse unless this is an answer, be it an empty one.

        A stream that ends without a word is an empty answer; a whole body must say so by an empty
        string or by its reasoning, because null content stands for an answer of another kind.
        """
        if not self._seen_choice:
            raise self.bad("the answer has no choice in it")
        if self.started:
            return
        if self._tool_calls:
            raise self.bad("the model answered with a tool call in place of text")
        if self._said_nothing and not streamed:
            raise self.bad("the answer's content is null")

    def bad(self, what: str) -> BadResponse:
        return BadResponse(f"{self._where}: {what}")

    def _choice(self, choice: dict[str, Any], part: str) -> None:
        if isinstance(choice.get("finish_reason"), str):
            self.finish_reason = choice["finish_reason"]
        if not self._chat:
            self._take(choice.get("text"), self._text)
            return
        message = choice.get(part)
        if not isinstance(message, dict):
            raise self.bad(f"the answer's choice has no `{part}`")
        # vLLM calls it reasoning_content, from 0.12 on reasoning
        self._take(message.get("reasoning_content") or message.get("reasoning"), self._reasoning)
        self._take(message.get("content"), self._text)
        self._tool_calls = self._tool_calls or bool(message.get("tool_calls"))

    def _take(self, piece: Any, to: list[str]) -> None:
        if piece is None:
            return
        if not isinstance(piece, str):
            raise self.bad(f"the answer's content is no text but a {type(piece).__name__}")
        if to is self._text:
            self._said_nothing = False
        if len(piece) > self._room:
            self.full, piece = True, piece[: self._room]
        if piece:
            self._room -= len(piece)
            to.append(piece)

    def _usage(self, value: Any) -> Usage:
        try:
            return Usage(prompt_tokens=value.get("prompt_tokens"), completion_tokens=value.get("completion_tokens"))
        except (AttributeError, ValidationError) as exc:
            raise self.bad("the answer's `usage` makes no sense") from exc


def parse(data: bytes, *, where: str, redact: Callable[[str], str]) -> Any:
    """The JSON value in `data`; invalid UTF-8 inside its strings is kept as lone surrogates."""
    text = decode_output(data)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as exc:
        shown = f"it begins with {one_line(redact(text), 80)!r}" if text.strip() else "it is empty"
        raise BadResponse(f"{where}: the answer is no JSON, {shown}") from exc


def events(chunks: Iterable[bytes], *, max_line: int, where: str) -> Iterator[bytes]:
    """The data of each server-sent event of a stream; comments and other fields are left out.

    Raises BadResponse for a line over `max_line` bytes, so a hostile stream cannot fill the memory.
    """
    rest = b""
    data: list[bytes] = []
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            line = line.removesuffix(b"\r")
            if not line and data:
                yield b"\n".join(data)
                data = []
            elif line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
        if len(rest) + sum(map(len, data)) > max_line:
            raise BadResponse(f"{where}: an event of the stream is over {max_line} bytes")
    if data:
        yield b"\n".join(data)
