"""The attached streams of a container: bytes in, and its standard output out of the engine's multiplex.

Format: each piece has a head of eight bytes, the stream's number, three zeros and the length, big-endian
(the engine API's "Attach to a container").
"""

from __future__ import annotations

import socket
import time
from typing import Any

from farm.errors import SandboxBroken, SandboxLost

_STDERR, _WORDS = 2, 4096


class Link:
    """One connection to one container. Every failure of it is SandboxLost; SandboxBroken, if the container ended."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        # Over a Unix socket the SDK wraps the socket in a reader; over TLS it gives the socket itself
        self._socket: socket.socket = getattr(stream, "_sock", stream)
        self._out = bytearray()
        self._words = bytearray()  # the end of its standard error, for messages
        self._deadline = 0.0

    def allow(self, seconds: float) -> None:
        """What follows must be done in so many seconds."""
        self._deadline = time.monotonic() + seconds

    def send(self, data: bytes) -> None:
        """All of `data` to the container's standard input."""
        try:
            self._socket.settimeout(self._left())
            self._socket.sendall(data)
        except OSError as exc:
            raise self._lost(exc) from exc

    def exactly(self, size: int) -> bytes:
        """The next bytes of its standard output."""
        while len(self._out) < size:
            head = self._receive(8)
            piece = self._receive(int.from_bytes(head[4:], "big"))
            if head[0] == _STDERR:
                self._words = (self._words + piece)[-_WORDS:]
            else:
                self._out += piece
        taken = bytes(self._out[:size])
        del self._out[:size]
        return taken

    def _receive(self, size: int) -> bytes:
        got = bytearray()
        while len(got) < size:
            try:
                self._socket.settimeout(self._left())
                part = self._socket.recv(min(size - len(got), 1 << 20))
            except OSError as exc:
                raise self._lost(exc) from exc
            if not part:
                raise self._lost(None)
            got += part
        return bytes(got)

    def _left(self) -> float:
        return max(0.001, self._deadline - time.monotonic())

    def _lost(self, cause: OSError | None) -> SandboxLost:
        said = self._words.decode("utf-8", "replace").strip().rpartition("\n")[2]
        late = isinstance(cause, TimeoutError)
        words = f"the container {'does not answer' if late else 'is gone'}{': ' if said else ''}{said}"
        return SandboxLost(words) if late else SandboxBroken(words)

    def close(self) -> None:
        """Close the connection: the container's input ends, and with it the container."""
        response = getattr(self._stream, "_response", None)  # what the SDK made the stream of
        if response is not None:
            response.close()
        self._stream.close()
        self._socket.close()
