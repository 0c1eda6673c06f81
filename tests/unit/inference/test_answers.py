"""Reading answers: what counts as one, what does not, and that no content is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.errors import BadResponse
from farm.inference.answers import Answer, events, parse

ANY_TEXT = st.text(alphabet=st.characters(codec=None), max_size=40)  # lone surrogates and NUL included


def answer(chat: bool = True, max_chars: int = 1000) -> Answer:
    return Answer(chat=chat, max_chars=max_chars, where="w")


def whole(message: Any, **choice: Any) -> dict[str, Any]:
    return {"model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop", **choice}]}


def read(value: Any, *, chat: bool = True) -> Answer:
    found = answer(chat)
    found.add(value, part="message")
    found.check(streamed=False)
    return found


def test_a_whole_chat_answer() -> None:
    value = whole({"role": "assistant", "content": "hello", "reasoning_content": "hm"})
    found = read(value | {"usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}})
    assert (found.text, found.reasoning, found.finish_reason, found.model) == ("hello", "hm", "stop", "m")
    assert (found.usage.prompt_tokens, found.usage.completion_tokens) == (3, 2)


def test_a_whole_completion() -> None:
    found = read({"choices": [{"index": 0, "text": "x = 1", "finish_reason": "length"}]}, chat=False)
    assert (found.text, found.reasoning, found.finish_reason) == ("x = 1", None, "length")


def test_newer_vllm_calls_it_reasoning() -> None:
    assert read(whole({"content": "a", "reasoning": "because"})).reasoning == "because"


@pytest.mark.parametrize("message", [{"content": ""}, {"content": None, "reasoning_content": "all spent thinking"}])
def test_an_empty_answer_is_an_answer(message: dict[str, Any]) -> None:
    assert read(whole(message)).text == ""


@pytest.mark.parametrize(
    "value",
    [
        None, [], 3, "text", {}, {"choices": None}, {"choices": "x"}, {"choices": []}, {"choices": [3]},
        {"choices": [{"index": 1, "message": {"content": "x"}}]},
        {"choices": [{"index": 0, "message": {"content": "x"}}, {"index": 0, "message": {"content": "y"}}]},
        whole(None), whole("text"), whole({}), whole({"content": None}), whole({"content": 3}),
        whole({"content": ["a"]}), whole({"content": None, "tool_calls": [{"function": {}}]}),
        whole({"content": "x"}) | {"usage": 3}, whole({"content": "x"}) | {"usage": {"prompt_tokens": -1}},
    ],
)  # fmt: skip
def test_what_is_no_answer(value: Any) -> None:
    with pytest.raises(BadResponse):
        read(value)


def test_a_stream_grows_and_its_usage_comes_last() -> None:
    found = answer()
    for delta in ({"role": "assistant", "content": ""}, {"content": "a"}, {"content": None}, {"content": "b"}, {}):
        found.add({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}, part="delta")
    found.add({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, part="delta")
    found.add({"choices": [], "usage": {"completion_tokens": 2}}, part="delta")
    found.check(streamed=True)
    assert (found.text, found.finish_reason, found.usage.completion_tokens) == ("ab", "stop", 2)


def test_a_stream_without_a_word_is_an_empty_answer() -> None:
    found = answer()
    found.add({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, part="delta")
    found.check(streamed=True)
    assert found.text == ""


def test_tool_calls_in_a_stream_are_no_answer() -> None:
    found = answer()
    found.add({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0}]}}]}, part="delta")
    with pytest.raises(BadResponse, match="tool call"):
        found.check(streamed=True)


def test_text_over_the_cap_is_dropped() -> None:
    found = answer(max_chars=5)
    for piece in ("abc", "defg", "h"):
        found.add({"choices": [{"index": 0, "delta": {"content": piece}}]}, part="delta")
    assert found.full
    assert found.text == "abcde"


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"", "it is empty"), (b" \n", "it is empty"), (b"<html>hi", "it begins with '<html>hi'"),
        (b'{"choices": [', "it begins with"), (b"[" * 100_000, "it begins with"), (b"9" * 5000, "it begins with"),
    ],
)  # fmt: skip
def test_what_is_no_json(data: bytes, shown: str) -> None:
    with pytest.raises(BadResponse) as caught:
        parse(data, where="w", redact=str)
    assert shown in str(caught.value)
    assert len(str(caught.value)) < 300


def test_the_token_is_taken_out_of_what_is_shown() -> None:
    with pytest.raises(BadResponse) as caught:
        parse(b"you sent s3cr3t", where="w", redact=lambda text: text.replace("s3cr3t", "[token]"))
    assert "s3cr3t" not in str(caught.value)


@given(text=ANY_TEXT, ascii_only=st.booleans())
def test_any_content_survives(text: str, ascii_only: bool) -> None:
    data = json.dumps(whole({"content": text}), ensure_ascii=ascii_only or not text.isprintable()).encode()
    assert read(parse(data, where="w", redact=str)).text == text


def test_invalid_utf8_becomes_lone_surrogates() -> None:
    data = json.dumps(whole({"content": "MARK"})).encode().replace(b"MARK", b"caf\xe9")
    assert read(parse(data, where="w", redact=str)).text == "caf\udce9"


STREAM = b": comment\n\ndata: one\n\nevent: x\r\ndata:two\r\nid: 3\r\n\r\ndata: a\ndata: b\n\n\n\ndata: last"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_events_however_the_bytes_arrive(size: int) -> None:
    chunks = [STREAM[i : i + size] for i in range(0, len(STREAM), size)]
    assert list(events(chunks, max_line=100, where="w"))[:3] == [b"one", b"two", b"a\nb"]


def test_an_endless_line_ends() -> None:
    with pytest.raises(BadResponse, match="over 100 bytes"):
        list(events((b"data: " + b"x" * 30 for _ in range(1000)), max_line=100, where="w"))


def test_endless_lines_of_one_event_end() -> None:
    with pytest.raises(BadResponse, match="over 100 bytes"):
        list(events((b"data: xxx\n" for _ in range(1000)), max_line=100, where="w"))
