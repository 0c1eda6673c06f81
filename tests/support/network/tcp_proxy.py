"""A TCP proxy between farm and Redis that does what networks do: holds, loses, delays and cuts up what passes.

Faults are switched on and off while connections are open. With `rewrite` it reads the commands that clients send to
Redis and may change each one, so that pushes are doubled or lost without the client's knowledge.
"""

from __future__ import annotations

import random
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.support.network.resp import CommandReader, encoded

Rewrite = Callable[[list[bytes]], list[bytes]]
CHUNK = 1 << 16


class TcpProxy:
    """Forwards 127.0.0.1:`port` to another port of this host. Attributes may be changed while it runs."""

    def __init__(self, target_port: int, *, rewrite: Rewrite | None = None, seed: int = 0) -> None:
        self._target = target_port
        self.rewrite = rewrite
        self.delay_s = 0.0  # for each piece that passes, in each direction
        self.jitter_s = 0.0
        self.slice = 0  # bytes of a piece; 0: as they come
        self.connections = 0
        self._rng = random.Random(seed)
        self._passes = {"up": threading.Event(), "down": threading.Event()}
        self._swallow = False
        self._closing = threading.Event()
        self._open: set[_Connection] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = int(self._listener.getsockname()[1])
        self.heal()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    # --- faults -----------------------------------------------------------------------------------------

    def partition(self, *directions: str) -> None:
        """Hold what passes ("up" to Redis, "down" from it; default both) until `heal`, as lost packets are resent."""
        for direction in directions or ("up", "down"):
            self._passes[direction].clear()

    def black_hole(self) -> None:
        """Lose all bytes of all connections for good, and answer no new one until `heal`: half-open TCP, no RST."""
        with self._lock:
            self._swallow = True
            for connection in self._open:
                connection.lost = True

    def cut(self) -> None:
        """Reset all connections."""
        with self._lock:
            for connection in list(self._open):
                connection.reset()

    def heal(self) -> None:
        """New connections work; held bytes go on. What a black hole swallowed stays lost."""
        self._swallow = False
        for passes in self._passes.values():
            passes.set()

    # --- life -------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self.heal()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        self.cut()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection = _Connection(self, client)
            with self._lock:
                connection.lost = self._swallow
                self._open.add(connection)
            connection.start(self._target)

    def _gone(self, connection: _Connection) -> None:
        with self._lock:
            self._open.discard(connection)

    def _let_pass(self, direction: str) -> None:
        """Return when a piece may go on in this direction."""
        self._passes[direction].wait()
        delay = self.delay_s + self._rng.random() * self.jitter_s
        if delay:
            self._closing.wait(delay)


class _Connection:
    """A client, its way to Redis, and a thread for each direction."""

    def __init__(self, proxy: TcpProxy, client: socket.socket) -> None:
        self._proxy, self._client = proxy, client
        self._server: socket.socket | None = None
        self.lost = False

    def start(self, port: int) -> None:
        threading.Thread(target=self._run, args=(port,), daemon=True).start()

    def reset(self) -> None:
        """Close both ends, the client's with RST."""
        for end in (self._client, self._server):
            if end is not None:
                with suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                with suppress(OSError):
                    end.close()

    def _run(self, port: int) -> None:
        self._proxy._let_pass("up")
        try:
            self._server = socket.create_connection(("127.0.0.1", port), timeout=5)
            self._server.settimeout(None)
        except OSError:
            self.reset()  # Redis is down: so is the way to it
            self._proxy._gone(self)
            return
        for end in (self._client, self._server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        down = threading.Thread(target=self._pump, args=(self._server, self._client, "down"), daemon=True)
        down.start()
        self._pump(self._client, self._server, "up")
        down.join()
        self.reset()
        self._proxy._gone(self)

    def _pump(self, source: socket.socket, sink: socket.socket, direction: str) -> None:
        reader = CommandReader() if direction == "up" else None
        try:
            while data := source.recv(CHUNK):
                if reader is not None and self._proxy.rewrite is not None:
                    data = b"".join(encoded(self._proxy.rewrite(command)) for command in reader.feed(data))
                self._proxy._let_pass(direction)
                if not self.lost:
                    self._send(sink, data)
        except OSError:
            pass  # the other end is gone
        if not self.lost:  # a lost connection does not even end
            with suppress(OSError):
                sink.shutdown(socket.SHUT_WR)

    def _send(self, sink: socket.socket, data: bytes) -> None:
        size = self._proxy.slice or len(data)
        for start in range(0, len(data), size or 1):
            sink.sendall(data[start : start + size])
