"""Frames from a child, read with suspicion: the program shares the child's process and can write any bytes.

The format is that of `farm/sandbox/inside/channel.py`. What the reader gives is plain JSON data, bounded
in bytes, in the memory that it takes, and in depth.
"""

from __future__ import annotations

import itertools
import json
import re

from farm.text import nested_deeper

HEAD_BYTES = 20
# Of a worker's memory, by one value. `{}` repeated takes 80 times as much there as on its way
MAX_VALUE_BYTES = 128 << 20
# What is made where one of these stands in JSON, with its place in a list that has grown. An object's first member is
# in the price of the object; of further ones each takes room in it and in the parser's table of keys
_LIST_BYTES, _DICT_BYTES, _MEMBER_BYTES, _ITEM_BYTES, _TEXT_BYTES = 96, 256, 220, 41, 64
_TEXT = re.compile(rb'"([^"]*+)')
_LONG_TEXT = 64  # marks in shorter ones are taken for real ones
# Lists and dicts within one another. A value of 200 levels (`inside/canonical.py`) takes up to four a level. The JSON
# scanner of Python 3.11 stops at the recursion limit; since 3.13 it goes on for thousands of levels
MAX_NESTING = 850


class FrameReader:
    """Collects one frame at a time from the pieces that the supervisor drains."""

    def __init__(self, nonce: bytes, cap: int) -> None:
        self._nonce = nonce
        self._cap = cap
        self._buffer = bytearray()
        self.overflow = False  # a frame over the cap, or whose value takes more memory: an output limit
        self.broken = False  # something that is no frame; all further bytes are ignored

    def feed(self, data: bytes) -> None:
        """Take more bytes. Never holds more than a head and `cap` bytes (and one piece)."""
        if self.broken or self.overflow:
            return
        if len(self._buffer) < HEAD_BYTES + self._cap:
            self._buffer += data
        self._inspect()

    def ready(self) -> bool:
        """Whether `take` has a frame to give, or never will."""
        whole = len(self._buffer) >= HEAD_BYTES and len(self._buffer) >= HEAD_BYTES + self._length()
        return whole or self.broken or self.overflow

    def take(self) -> object | None:
        """The next frame's value and remove it; None if none has arrived whole or it is no JSON."""
        if len(self._buffer) < HEAD_BYTES or len(self._buffer) < HEAD_BYTES + self._length():
            return None
        end = HEAD_BYTES + self._length()
        body = bytes(self._buffer[HEAD_BYTES:end])
        del self._buffer[:end]
        self._inspect()
        if value_bytes(body) > MAX_VALUE_BYTES:
            self.overflow = True
            return None
        value = decode_value(body)
        self.broken = self.broken or value is None
        return value

    def _inspect(self) -> None:
        head = bytes(self._buffer[:16])
        self.broken = self.broken or not self._nonce.startswith(head)
        self.overflow = self.overflow or (len(self._buffer) >= HEAD_BYTES and self._length() > self._cap)
        if self.broken or self.overflow:
            self._buffer.clear()

    def _length(self) -> int:
        return int.from_bytes(self._buffer[16:HEAD_BYTES], "big")


def value_bytes(body: bytes) -> int:
    """About how much memory it takes to decode a body, at most; what it has in texts beyond its own size.

    A text may hold any marks, so those in texts are left out where it matters.
    """
    # Characters of four bytes each, if there may be one that needs them: in the whole and in a text of it
    wide = 0 if body.isascii() and b"\\u" not in body else 6 * len(body)
    counts = _marks(body, 0, len(body))
    if _cost(counts) + wide > MAX_VALUE_BYTES:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")  # what is left of quotes begins and ends texts
        counts = _marks(body, 0, len(body))
        if counts[-1] // 2 * _TEXT_BYTES <= MAX_VALUE_BYTES:
            for inside in itertools.islice(_TEXT.finditer(body), 0, None, 2):
                if inside.end() - inside.start() > _LONG_TEXT:
                    within = _marks(body, *inside.span(1))
                    counts = [count - inner for count, inner in zip(counts, within, strict=True)]
    return _cost(counts) + wide


def _marks(body: bytes, start: int, end: int) -> list[int]:
    return [body.count(mark, start, end) for mark in (b"[", b"{", b":", b",", b'"')]


def _cost(counts: list[int]) -> int:
    lists, dicts, members, items, quotes = counts
    first = lists * _LIST_BYTES + dicts * _DICT_BYTES
    return first + max(0, members - dicts) * _MEMBER_BYTES + items * _ITEM_BYTES + quotes // 2 * _TEXT_BYTES


def decode_value(body: bytes) -> object | None:
    """The JSON value of a body; None for what is no JSON, or nested more than MAX_NESTING deep."""
    try:
        value: object = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):  # bad UTF-8 and over-long integers are ValueErrors
        return None
    return None if nested_deeper(value, MAX_NESTING) else value


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
