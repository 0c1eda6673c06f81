"""A server that answers as the Hugging Face hub does, and misbehaves on request.

A resolve URL is answered with a redirect to the storage, on another host name, and with the headers that
name size, digest and commit; the storage knows ranges. What a test asks for is one failure per request,
taken from a list.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REPO = "livecodebench/code_generation_lite"
COMMIT = "c0ffee" * 6 + "c0ff"


@dataclass
class Request:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]

    @property
    def range(self) -> str:
        return self.headers.get("Range", "")


@dataclass
class HubServer:
    """What the server has and how it behaves."""

    files: dict[str, bytes]
    url: str = ""
    storage: str = ""  # the same server under another host name
    status: dict[str, int] = field(default_factory=dict)  # resolve answers by file name
    token: str | None = None  # wanted as bearer
    cuts: list[int] = field(default_factory=list)  # the next storage answers end after so many bytes
    storage_status: list[int] = field(default_factory=list)  # the next storage answers
    ranges: bool = True  # the storage heeds Range
    names_content: bool = True  # the headers of large files are sent
    sent_instead: bytes | None = None  # by the storage, whatever was announced
    hold_after: int | None = None  # the storage stops after so many bytes until `release` is set
    release: threading.Event = field(default_factory=threading.Event)
    requests: list[Request] = field(default_factory=list)

    def gets(self, part: str = "/storage/") -> list[Request]:
        """The GET requests whose path holds `part`, oldest first."""
        return [request for request in self.requests if request.method == "GET" and part in request.path]


@contextmanager
def hub_server(files: dict[str, bytes]) -> Iterator[HubServer]:
    """The server on a free port of the loopback interface."""
    state = HubServer(files)

    class Handler(_Handler):
        hub = state

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port = server.server_address[1]
    state.url, state.storage = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield state
    finally:
        state.release.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: HubServer
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.hub.requests.append(Request(self.command, self.path, dict(self.headers)))
        if match := re.fullmatch(rf"/datasets/{REPO}/resolve/([^/]+)/([^/]+)", self.path):
            self._resolve(match[1], match[2])
        elif match := re.fullmatch(r"/storage/([^/]+)", self.path):
            self._storage(match[1])
        else:
            self._plain(404)

    def _resolve(self, revision: str, name: str) -> None:
        if self.hub.token and self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            self._plain(401, {"X-Error-Message": "Invalid username or password."})
            return
        if status := self.hub.status.get(name):
            self._plain(status, {"X-Error-Message": f"the hub says {status}"})
            return
        if name not in self.hub.files or revision not in ("main", COMMIT):
            self._plain(404, {"X-Error-Message": "Entry not found"})
            return
        data = self.hub.files[name]
        headers = {"Location": f"{self.hub.storage}/storage/{name}"}
        if self.hub.names_content:
            digest = hashlib.sha256(data).hexdigest()
            headers |= {"X-Linked-Size": str(len(data)), "X-Linked-ETag": f'"{digest}"', "X-Repo-Commit": COMMIT}
        self._plain(302, headers)

    def _storage(self, name: str) -> None:
        if self.hub.storage_status:
            self._plain(self.hub.storage_status.pop(0))
            return
        data = self.hub.files[name] if self.hub.sent_instead is None else self.hub.sent_instead
        start = 0
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if match and self.hub.ranges:
            start = int(match[1])
            if start >= len(data):
                self._plain(416)
                return
        body = data[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.hub.cuts:
            body = body[: self.hub.cuts.pop(0)]
            self.close_connection = True
        if self.hub.hold_after is not None:
            self.wfile.write(body[: self.hub.hold_after])
            self.wfile.flush()
            self.hub.release.wait()
            body = body[self.hub.hold_after :]
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # the client went away

    def _plain(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass
