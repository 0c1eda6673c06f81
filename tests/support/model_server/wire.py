"""The wire: replies, chunks and server-sent events, as bytes."""

from __future__ import annotations

import json
import socket
import struct
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from tests.support.model_server import links
from tests.support.model_server.links import Link

if TYPE_CHECKING:
    from tests.support.model_server.server import HttpServer


class Wire(BaseHTTPRequestHandler):
    """Writes HTTP answers; which ones, the handler decides."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: HttpServer
    link: Link = "plain"
    held = b""  # what the link holds back

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def reply(self, status: int, body: bytes, content_type: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def reply_json(self, status: int, value: Any) -> None:
        self.reply(status, json.dumps(value).encode())

    def start_stream(self) -> None:
        self.send_response(200)
        named = links.content_type(self.link)
        if named is not None:
            self.send_header("Content-Type", named)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.held = b""
        if first := links.first_bytes(self.link):
            self.chunk(first)

    def chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def event(self, value: dict[str, Any] | None) -> None:
        """One server-sent event; None is `[DONE]` and the end of the body."""
        self.held += links.event_bytes(self.link, value)
        if self.held and (value is None or self.link != "held_back"):
            self.chunk(self.held)
            self.held = b""
        if value is None:
            self.wfile.write(b"0\r\n\r\n")

    def reset(self) -> None:
        """Ends the connection with RST rather than FIN."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
