"""Frames from a child, read with suspicion: the program shares the child's process and can write any bytes.

The format is that of `farm/sandbox/inside/channel.py`. What the reader gives is plain JSON data, bounded
in bytes, in items and in depth.
"""

from __future__ import annotations

import json

from farm.text import nested_deeper

HEAD_BYTES = 20
# `[]` repeated costs a worker 64 bytes for two characters; a result of this many items fits in 200 MB
MAX_ITEMS = 6_000_000
# Lists and dicts within one another. A value of 200 levels (`inside/canonical.py`) takes up to four a level. The JSON
# scanner of Python 3.11 stops at the recursion limit; since 3.13 it goes on for thousands of levels
MAX_NESTING = 850


class FrameReader:
    """Collects one frame at a time from the pieces that the supervisor drains."""

    def __init__(self, nonce: bytes, cap: int) -> None:
        self._nonce = nonce
        self._cap = cap
        self._buffer = bytearray()
        self.overflow = False  # a frame over the cap, in bytes or items: an output limit
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
        if sum(map(body.count, (b",", b"[", b"{"))) > MAX_ITEMS:
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


def decode_value(body: bytes) -> object | None:
    """The JSON value of a body; None for what is no JSON, or nested more than MAX_NESTING deep."""
    try:
        value: object = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):  # bad UTF-8 and over-long integers are ValueErrors
        return None
    return None if nested_deeper(value, MAX_NESTING) else value


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
