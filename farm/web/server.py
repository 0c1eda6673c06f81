"""The HTTP server of farm's own pages (`farm ui`, `farm exporter`): GET only, behind `Access`."""

from __future__ import annotations

import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from farm.errors import ConfigError
from farm.web.access import Access

log = logging.getLogger(__name__)
IDLE_S = 60  # a connection that sends nothing for so long is closed


class Reply(NamedTuple):
    """The answer to a request."""

    body: bytes
    kind: str = "text/html; charset=utf-8"
    status: int = 200


Answer = Callable[[str, Mapping[str, Sequence[str]]], Reply]  # of a path and its query


def serve(
    access: Access,
    answer: Answer,
    *,
    headers: Mapping[str, str],
    public: Mapping[str, Reply] | None = None,
    ready: Callable[[str], None] = lambda address: None,
) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code.

    `headers` go with each reply. `public` are paths that anyone may read, by any host name. `ready` is called with the
    address. Raises ConfigError if the address cannot be listened on.
    """
    open_paths = public or {}

    class Handler(BaseHTTPRequestHandler):
        server_version, sys_version = "farm", ""
        timeout = IDLE_S

        def do_GET(self) -> None:
            if self.path in open_paths:
                self._send(open_paths[self.path])
            elif not access.admits(self.headers.get("Authorization")):
                self._send(
                    Reply(b"a password is needed\n", "text/plain", 401), {"WWW-Authenticate": 'Basic realm="farm"'}
                )
            elif not access.accepts_host(self.headers.get("Host")):
                self._send(Reply(b"this address is for this machine\n", "text/plain", 403))
            else:
                self._send(self._answer())

        def _answer(self) -> Reply:
            try:
                parts = urlsplit(self.path)
            except ValueError:
                return Reply(b"not a valid address\n", "text/plain", 400)
            return answer(unquote(parts.path), parse_qs(parts.query))

        def _send(self, reply: Reply, more: Mapping[str, str] | None = None) -> None:
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.kind)
            self.send_header("Content-Length", str(len(reply.body)))
            for name, value in {**headers, **(more or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Logs nothing: a scrape every few seconds is no news."""

    try:
        server = _server(access, Handler)
    except OSError as exc:
        raise ConfigError(f"cannot listen on {access.host}:{access.port}: {exc.strerror}") from exc
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    with server:
        ready(f"http://{_in_url(access.host)}:{server.server_address[1]}/")
        server.serve_forever(poll_interval=0.2)
    return 0


def _server(access: Access, handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in access.host else socket.AF_INET
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            if not isinstance(sys.exc_info()[1], OSError):  # else the client has gone
                log.exception("a request from %s failed", client_address[0])

    return Server((access.host, access.port), handler)


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
