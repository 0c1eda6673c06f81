"""Reading answers: what counts as one, what does not, and that no content is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.errors import AnswerWithheld, BadResponse, InferenceError, ServerError
from farm.inference.answer_reader import AnswerReader, parse
from farm.inference.refusals import error_inside

ANY_TEXT = st.text(alphabet=st.characters(codec=None), max_size=40)  # lone surrogates and NUL included


def answer(chat: bool = True, max_chars: int = 1000) -> AnswerReader:
    def server_error(error: Any) -> InferenceError:
        return error_inside(error, where="w", token_origin="", redact=str)

    return AnswerReader(chat=chat, max_chars=max_chars, where="w", server_error=server_error)


def whole(message: Any, **choice: Any) -> dict[str, Any]:
    return {"model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop", **choice}]}


def read(value: Any, *, chat: bool = True) -> AnswerReader:
    found = answer(chat)
    found.add_whole(value)
    found.check_whole()
    return found


def chunk(delta: Any, finish: Any = None, **choice: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish, **choice}]}


def streamed(*chunks: Any, done: bool = True) -> AnswerReader:
    found = answer()
    for value in chunks:
        found.add_chunk(value)
    found.check_stream(done=done)
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
    ],
)  # fmt: skip
def test_what_is_no_answer(value: Any) -> None:
    with pytest.raises(BadResponse):
        read(value)


def test_a_stream_grows_and_its_usage_comes_last() -> None:
    found = answer()
    for delta in ({"role": "assistant", "content": ""}, {"content": "a"}, {"content": None}, {"content": "b"}, {}):
        found.add_chunk(chunk(delta))
    found.add_chunk({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    found.add_chunk({"choices": [], "usage": {"completion_tokens": 2}})
    found.check_stream(done=True)
    assert (found.text, found.finish_reason, found.usage.completion_tokens) == ("ab", "stop", 2)


def test_a_stream_without_a_word_is_an_empty_answer() -> None:
    found = answer()
    found.add_chunk({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    found.check_stream(done=True)
    assert found.text == ""


def test_tool_calls_in_a_stream_are_no_answer() -> None:
    found = answer()
    found.add_chunk({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0}]}}]})
    with pytest.raises(BadResponse, match="tool call"):
        found.check_stream(done=True)


def test_text_over_the_cap_is_dropped() -> None:
    found = answer(max_chars=5)
    for piece in ("abc", "defg", "h"):
        found.add_chunk({"choices": [{"index": 0, "delta": {"content": piece}}]})
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


# --- how an answer ended ------------------------------------------------------------------------


def ended(reason: Any, *, stream: bool, text: str = "half an ans") -> AnswerReader:
    return (
        streamed(chunk({"content": text}), chunk({}, reason))
        if stream
        else read(whole({"content": text}, finish_reason=reason))
    )


STREAMED = pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])


@STREAMED
@pytest.mark.parametrize(
    "reason", ["stop", "eos", "end_turn", "stop_sequence", "tool_calls", "repetition", None, "", " "]
)
def test_these_answers_are_whole(reason: Any, stream: bool) -> None:
    found = ended(reason, stream=stream)
    assert (found.text, found.finish_reason) == ("half an ans", (reason or "").strip() or None)


@STREAMED
@pytest.mark.parametrize(
    "reason",
    [
        "abort",
        "error",
        "insufficient_system_resource",
        "network_error",
        "Cancelled",
        "engine-overloaded",
        "request_timeout",
    ],
)
def test_an_answer_that_the_server_broke_off_is_tried_again(reason: str, stream: bool) -> None:
    with pytest.raises(ServerError, match=f"finish_reason '{reason}'"):
        ended(reason, stream=stream)


@STREAMED
@pytest.mark.parametrize("reason", ["content_filter", "SAFETY", "sensitive"])
def test_an_answer_that_a_filter_ended_is_the_samples_own_outcome(reason: str, stream: bool) -> None:
    with pytest.raises(AnswerWithheld, match=reason):
        ended(reason, stream=stream)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"error": {"message": "engine died"}}, {"object": "error", "message": "engine died"},
        {"error": "engine died", "choices": []}, chunk({}, error={"message": "engine died"}),
        chunk({"error": {"message": "engine died"}}), chunk({}, "stop", error="engine died"),
    ],
)  # fmt: skip
def test_an_error_anywhere_is_the_servers_and_keeps_its_words(spoiled: dict[str, Any]) -> None:
    with pytest.raises(ServerError, match="engine died"):
        streamed(chunk({"content": "a"}), spoiled)
    with pytest.raises(ServerError, match="engine died"):
        read(json.loads(json.dumps(spoiled).replace("delta", "message")))


@pytest.mark.parametrize("reason", [None, "", "null"])
def test_a_stream_that_was_cut_is_never_whole(reason: Any) -> None:
    with pytest.raises(BadResponse, match="ended before"):
        streamed(chunk({"content": "half"}, reason), done=False)


def test_a_finish_reason_in_each_chunk_proves_no_end() -> None:
    pieces = [chunk({"content": piece}, "stop") for piece in ("a", "b")]
    assert streamed(*pieces, done=True).text == "ab"
    with pytest.raises(BadResponse, match="ended before"):
        streamed(*pieces, done=False)


def test_a_stream_may_end_with_its_finish_reason_alone() -> None:
    assert streamed(chunk({"content": "a"}), chunk({}, "stop"), done=False).text == "a"


# --- what says nothing --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "blank",
    [
        {"choices": None}, {}, {"choices": []}, {"choices": [{"index": 0}]}, {"choices": [{"delta": None}]},
        {"object": "ping"}, {"choices": [{"index": None, "delta": {}}]}, {"usage": "many", "choices": []},
    ],
)  # fmt: skip
def test_chunks_that_say_nothing_are_skipped(blank: Any) -> None:
    found = streamed(blank, chunk({"content": "a"}), blank, chunk({"content": "b"}, "stop"), blank)
    assert (found.text, found.finish_reason) == ("ab", "stop")


def test_a_whole_message_in_a_stream_is_taken_once() -> None:
    message = {"choices": [{"index": 0, "message": {"content": "ab"}, "finish_reason": "stop"}]}
    assert streamed(message).text == "ab"
    assert streamed(chunk({"content": "ab"}), message).text == "ab"


@pytest.mark.parametrize(
    "usage", [3, "x", [], {"prompt_tokens": -1}, {"completion_tokens": "7"}, {"prompt_tokens": 1e400}]
)
def test_a_nonsense_usage_is_none(usage: Any) -> None:
    found = read(whole({"content": "x"}) | {"usage": usage})
    assert (found.text, found.usage.prompt_tokens, found.usage.completion_tokens) == ("x", None, None)


def test_null_content_at_the_token_limit_is_an_empty_answer() -> None:
    found = read(whole({"content": None}, finish_reason="length"))
    assert (found.text, found.finish_reason) == ("", "length")


def test_vllm_says_which_stop_string_it_was() -> None:
    assert streamed(chunk({"content": ""}), chunk({}, "stop", stop_reason="###")).stop_reason == "###"
    assert read(whole({"content": "x"}, stop_reason=151645)).stop_reason == 151645


def test_a_byte_order_mark_is_dropped() -> None:
    assert parse(b"\xef\xbb\xbf[1]", where="w", redact=str) == [1]
