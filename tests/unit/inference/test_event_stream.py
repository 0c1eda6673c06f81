"""From bytes to events, however a server or a proxy writes them."""

from __future__ import annotations

import pytest

from farm.errors import BadResponse
from farm.inference.connection.event_stream import begins_like_events, events

STREAM = b": comment\n\ndata: one\n\nevent: x\r\ndata:two\r\nid: 3\r\n\r\ndata: a\ndata: b\n\n\n\ndata: last"


def read(stream: bytes, size: int = 1000) -> list[tuple[str, bytes]]:
    chunks = [stream[i : i + size] for i in range(0, len(stream), size)]
    return [(event.name, event.data) for event in events(chunks, max_bytes=100, where="w")]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_events_however_the_bytes_arrive(size: int, mark: bytes, line_end: bytes) -> None:
    stream = mark + STREAM.replace(b"\r\n", b"\n").replace(b"\n", line_end)
    assert read(stream, size) == [("", b"one"), ("x", b"two"), ("", b"a\nb"), ("", b"last")]


@pytest.mark.parametrize(
    "blank", [b"data:\n\n", b"data: \n\n", b"data\n\n", b": ping\n\n", b"event: ping\n\n", b"retry: 3\n\n"]
)
def test_frames_without_data_are_left_out(blank: bytes) -> None:
    assert read(blank + b"data: 1\n\n" + blank) == [("", b"1")]


def test_an_endless_line_ends() -> None:
    with pytest.raises(BadResponse, match="over 100 bytes"):
        list(events((b"data: " + b"x" * 30 for _ in range(1000)), max_bytes=100, where="w"))


def test_endless_lines_of_one_event_end() -> None:
    with pytest.raises(BadResponse, match="over 100 bytes"):
        list(events((b"data: xxx\n" for _ in range(1000)), max_bytes=100, where="w"))


@pytest.mark.parametrize(
    "head", [b"data: {", b"\n\ndata:{", b": ping", b"event: message", b"\xef\xbb\xbfdata: 1", b"id: 1"]
)
def test_a_stream_is_known_by_how_it_begins(head: bytes) -> None:
    assert begins_like_events(head)


@pytest.mark.parametrize("head", [b"", b'{"choices"', b"\xef\xbb\xbf {", b"<html>", b"database: x", b"oops"])
def test_what_is_no_stream(head: bytes) -> None:
    assert not begins_like_events(head)
