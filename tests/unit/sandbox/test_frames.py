"""Frames come from a hostile process: whatever bytes arrive, the reader stays small and never raises."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.sandbox.frames import MAX_NESTING, MAX_VALUE_BYTES, FrameReader, decode_value, value_bytes

NONCE = bytes(range(16))
CAP = 1 << 20


def frame(body: bytes, nonce: bytes = NONCE) -> bytes:
    return nonce + len(body).to_bytes(4, "big") + body


def test_a_frame_arrives_in_pieces() -> None:
    reader = FrameReader(NONCE, CAP)
    for byte in frame(b'{"value": [1, "x"]}'):
        assert not reader.ready()
        assert reader.take() is None
        reader.feed(bytes([byte]))
    assert reader.ready()
    assert reader.take() == {"value": [1, "x"]}
    assert not reader.ready()


def test_frames_follow_each_other() -> None:
    reader = FrameReader(NONCE, CAP)
    reader.feed(frame(b'{"a": 1}') + frame(b'{"b": 2}')[:10])
    assert reader.take() == {"a": 1}
    assert reader.take() is None
    reader.feed(frame(b'{"b": 2}')[10:])
    assert reader.take() == {"b": 2}


def test_another_nonce_is_no_frame() -> None:
    reader = FrameReader(NONCE, CAP)
    reader.feed(frame(b'{"a": 1}', bytes(16)))
    assert reader.broken
    assert reader.ready()
    reader.feed(frame(b'{"a": 1}'))
    assert reader.take() is None


def test_a_frame_over_the_cap_is_refused_by_its_length() -> None:
    reader = FrameReader(NONCE, CAP)
    reader.feed(NONCE + (CAP + 1).to_bytes(4, "big"))
    assert reader.overflow
    assert reader.take() is None


CROWDS = {
    "integers": "999,",
    "numbers": "1.5,",
    "lists": "[],",
    "lists of one": "[0],",
    "dicts": '{"d":[]},',
    "dicts of one": '{"":0},',
    "texts": '"ab",',
}


@pytest.mark.parametrize("crowd", CROWDS)
def test_a_value_that_takes_too_much_memory_is_refused_before_it_is_parsed(crowd: str) -> None:
    one = value_bytes(CROWDS[crowd].encode())
    body = f"[{CROWDS[crowd] * (MAX_VALUE_BYTES // one + 1)}0]".encode()
    reader = FrameReader(NONCE, len(body))
    reader.feed(frame(body))
    assert reader.take() is None
    assert reader.overflow


@pytest.mark.parametrize("crowd", CROWDS)
def test_no_value_takes_more_memory_than_it_is_taken_for(crowd: str) -> None:
    body = f"[{CROWDS[crowd] * 100_000}0]".encode()
    tracemalloc.start()
    try:
        value = decode_value(body)
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert value is not None
    assert taken <= value_bytes(body)


def test_distinct_keys_are_counted() -> None:
    body = json.dumps({f"{place:x}": 0 for place in range(100_000)}).encode()
    tracemalloc.start()
    try:
        value = decode_value(body)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert value is not None
    assert taken <= value_bytes(body)


def test_marks_within_a_text_cost_nothing() -> None:
    text = '1,"[{:\\' * 2_000_000
    assert value_bytes(json.dumps({"out": text}).encode()) < MAX_VALUE_BYTES
    assert value_bytes(json.dumps({"out": [text, *([{}] * 1_000_000)]}).encode()) > MAX_VALUE_BYTES
    for open_end in (b'"' + b'\\"' * 4_000_000, b'"' * 8_000_001):
        value_bytes(open_end)


def test_json_that_is_none_breaks_the_reader() -> None:
    for body in (b"[" * 100_000 + b"]" * 100_000, b"NaN", b"9" * 60_000, b'"\xff"', b"", b"{", b"1 2"):
        reader = FrameReader(NONCE, CAP)
        reader.feed(frame(body))
        assert reader.take() is None, body[:20]
        assert reader.broken


def test_what_is_fed_beyond_a_frame_is_not_kept() -> None:
    reader = FrameReader(NONCE, 1024)
    reader.feed(frame(b"1"))
    for _ in range(1000):
        reader.feed(b"x" * 4096)
    assert len(reader._buffer) < 8192
    assert reader.take() == 1


@given(st.lists(st.binary(max_size=64), max_size=8), st.booleans())
def test_no_bytes_raise(pieces: list[bytes], begins_well: bool) -> None:
    reader = FrameReader(NONCE, 256)
    if begins_well:
        reader.feed(NONCE)
    for piece in pieces:
        reader.feed(piece)
        if reader.ready():
            reader.take()
    assert len(reader._buffer) <= 256 + 20 + 64


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_a_value_may_be_as_deep_as_the_harness_makes_it_and_no_deeper(opening: str) -> None:
    def nested(times: int) -> bytes:
        closing = "".join({"[": "]", "{": "}"}[mark] for mark in reversed(opening) if mark in "[{")
        return (opening * times + "1" + closing * times).encode()

    a_time = opening.count("[") + opening.count("{")
    assert decode_value(nested(800 // a_time)) is not None
    assert decode_value(nested(MAX_NESTING // a_time + 1)) is None
    assert decode_value(nested(100_000)) is None
