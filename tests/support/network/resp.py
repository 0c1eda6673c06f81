"""The commands in a stream of bytes that a Redis client sends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


class CommandReader:
    """Cuts a stream into commands; keeps what is not whole yet."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[list[bytes]]:
        """The commands that are whole now."""
        self._rest += data
        while (found := _command(self._rest)) is not None:
            words, used = found
            self._rest = self._rest[used:]
            yield words


def encoded(words: Sequence[bytes]) -> bytes:
    """A command as bytes."""
    parts = [b"*%d\r\n" % len(words)]
    parts += [b"$%d\r\n%s\r\n" % (len(word), word) for word in words]
    return b"".join(parts)


def _command(data: bytes) -> tuple[list[bytes], int] | None:
    """The first command and its length; None if it is not whole."""
    head = data.find(b"\r\n")
    if head < 0:
        return None
    if data[:1] != b"*":
        raise ValueError(f"no command starts with {data[:20]!r}")
    words, at = [], head + 2
    for _ in range(int(data[1:head])):
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        size = int(data[at + 1 : end])
        word = data[end + 2 : end + 2 + size]
        if len(data) < end + 4 + size:
            return None
        words.append(word)
        at = end + 4 + size
    return words, at
