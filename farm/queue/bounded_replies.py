"""A parser of Redis' replies that bounds what one reply costs this process, whatever another client wrote.

redis-py reads a reply into memory before anybody can look at it: an entry of 512 MB in a queue, a blob key that another
client replaced, a set of millions of names. A worker reads nothing that is large: jobs are small, and blobs come in
pieces (farm/queue/blobs.py). So what is beyond the bound is read from the socket and thrown away, and the value is
empty, which each reader of a queue or key refuses as it refuses any other value that farm did not write.
"""

from __future__ import annotations

import io
from typing import Any

from redis._parsers.resp2 import _RESP2Parser
from redis._parsers.socket import SocketBuffer
from redis.exceptions import ConnectionError, InvalidResponse
from redis.utils import SENTINEL

REPLY_BYTES = 16 << 20
REPLY_ELEMENTS = 100_000


class _Buffer(SocketBuffer):
    """The bytes of a connection. `room` and `elements`: how much the rest of this reply may take."""

    room = REPLY_BYTES
    elements = REPLY_ELEMENTS

    def read(self, length: int, timeout: float | object = SENTINEL) -> bytes:
        self.room -= length
        if self.room >= 0:
            return bytes(super().read(length, timeout=timeout))
        left = length + 2  # the end of the line
        while left := left - len(self._buffer.read(left)):
            self.forget_what_was_read()
            self._read_from_socket(timeout=timeout)
        self.forget_what_was_read()
        return b""

    def forget_what_was_read(self) -> None:
        """Give the memory back. A reply that fails after this cannot be read again; its connection is closed then."""
        self._buffer = io.BytesIO(self._buffer.read())


class BoundedParser(_RESP2Parser):
    """redis-py's parser, for replies of up to REPLY_BYTES and REPLY_ELEMENTS.

    The first value that passes the bytes is empty, and all after it; elements beyond their number are left out.
    """

    _buffer: Any
    encoder: Any

    def on_connect(self, connection: Any) -> None:
        super().on_connect(connection)  # type: ignore[no-untyped-call]
        self._buffer = _Buffer(connection._sock, self.socket_read_size, connection.socket_timeout)

    def read_response(self, *arguments: Any, **options: Any) -> Any:
        if self._buffer is not None:
            self._buffer.room, self._buffer.elements = REPLY_BYTES, REPLY_ELEMENTS
        return super().read_response(*arguments, **options)

    def _read_response(self, disable_decoding: bool = False, timeout: float | object = SENTINEL) -> Any:
        """One reply, as redis-py's own reads it (https://redis.io/docs/latest/develop/reference/protocol-spec/)."""
        buffer = self._buffer
        line = buffer.readline(timeout=timeout)
        kind, rest = line[:1], line[1:]
        if kind == b"*":
            return self._list(int(rest), disable_decoding, timeout)
        if kind == b":":
            return int(rest)
        if kind == b"-":
            error: Exception = self.parse_error(rest.decode("utf-8", "replace"))  # type: ignore[no-untyped-call]
            if isinstance(error, ConnectionError):
                raise error
            return error  # a pipeline raises it later
        if kind == b"$":
            if rest == b"-1":
                return None
            rest = buffer.read(int(rest), timeout=timeout)
        elif kind != b"+":
            raise InvalidResponse(f"no reply of Redis: {line[:100]!r}")
        return rest if disable_decoding else self.encoder.decode(rest)

    def _list(self, number: int, disable_decoding: bool, timeout: float | object) -> list[Any] | None:
        if number < 0:
            return None
        buffer, found = self._buffer, []
        for _ in range(number):
            buffer.elements -= 1
            element = self._read_response(disable_decoding, timeout)
            if buffer.elements >= 0:
                found.append(element)
            elif buffer.get_pos() > REPLY_BYTES:
                buffer.forget_what_was_read()
        return found


# Keywords of a connection. redis-py's default is version 3 of the protocol, which has more kinds of replies
BOUNDED: dict[str, Any] = {"parser_class": BoundedParser, "protocol": 2}
