"""Frames from a child to the worker, and inputs from the worker to a child of mode `lcb`.

A frame is the run's nonce (16 bytes), a length (4 bytes, big-endian) and that many bytes of JSON. An
input is a length and its bytes; the end of the pipe is the end of the inputs. The nonce only frames:
the program shares this process and may write other frames, which are then its answers.
"""

from __future__ import annotations

import json
import os

_write, _read, _dumps = os.write, os.read, json.dumps  # bound early: a program may patch the modules
NONCE_BYTES = 16


def write_all(fd: int, data: bytes) -> None:
    """All of `data`, also over a pipe that is full in between."""
    view = memoryview(data)
    while view:
        view = view[_write(fd, view[: 1 << 20]) :]


class Channel:
    """Both directions, over two descriptors."""

    def __init__(self, result: int, inputs: int | None, nonce: bytes, cap: int) -> None:
        self._result = result
        self._inputs = inputs
        self._nonce = nonce
        self._cap = cap

    def send(self, value: object) -> None:
        """One frame with `value` as JSON. One that is over the cap goes out as its head alone, so that
        the worker sees its length and stops reading."""
        data = _dumps(value, separators=(",", ":")).encode("ascii")
        head = self._nonce + min(len(data), 0xFFFFFFFF).to_bytes(4, "big")
        write_all(self._result, head if len(data) > self._cap else head + data)

    def recv(self) -> bytes | None:
        """The next input; None when there are no more."""
        head = self._exactly(4)
        return None if head is None else self._exactly(int.from_bytes(head, "big"))

    def _exactly(self, size: int) -> bytes | None:
        assert self._inputs is not None
        got = bytearray()
        while len(got) < size:
            part = _read(self._inputs, min(size - len(got), 1 << 20))
            if not part:
                return None
            got += part
        return bytes(got)
