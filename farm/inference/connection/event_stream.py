"""Server-sent events: from the bytes of a stream to its events (HTML Living Standard, section 9.2).

Lines may end in LF, CRLF or CR, a byte-order mark may come first, and the bytes arrive in any pieces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from farm.errors import BadResponse

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\n|\r")
_FIELD = re.compile(rb"(?:data|event|id|retry|)\s*:")  # a comment has no name


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its type, "" where the stream names none, and its data."""

    name: str
    data: bytes


def begins_like_events(head: bytes) -> bool:
    """Whether a body that begins so is a stream of events, whatever its Content-Type says."""
    return bool(_FIELD.match(head.removeprefix(BYTE_ORDER_MARK).lstrip()))


def events(chunks: Iterable[bytes], *, max_bytes: int, where: str) -> Iterator[Event]:
    """The events of a stream that have data; comments, blank frames and fields without a use here are left out.

    Raises BadResponse for an event over `max_bytes`, so a hostile stream cannot fill the memory.
    """
    name, data = "", list[bytes]()
    for line in _lines(chunks, max_bytes, where):
        if not line:
            if b"".join(data).strip():
                yield Event(name, b"\n".join(data))
            name, data = "", []
            continue
        field, _, value = line.partition(b":")
        if field == b"data":
            data.append(value.removeprefix(b" "))
            if sum(map(len, data)) > max_bytes:
                raise BadResponse(f"{where}: an event of the stream is over {max_bytes} bytes")
        elif field == b"event":
            name = value.strip().decode("utf-8", "replace")
    if b"".join(data).strip():
        yield Event(name, b"\n".join(data))


def _lines(chunks: Iterable[bytes], max_bytes: int, where: str) -> Iterator[bytes]:
    rest, first = b"", True
    for chunk in chunks:
        rest += chunk
        if first and len(rest) >= len(BYTE_ORDER_MARK):
            rest, first = rest.removeprefix(BYTE_ORDER_MARK), False
        # A CR at the end may be half of a CRLF
        held = b"\r" if rest.endswith(b"\r") else b""
        *lines, rest = _LINE_END.split(rest.removesuffix(held) if held else rest)
        rest += held
        yield from lines
        if len(rest) > max_bytes:
            raise BadResponse(f"{where}: an event of the stream is over {max_bytes} bytes")
    yield from _LINE_END.split(rest)
