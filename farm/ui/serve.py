"""The site's HTTP: GET alone, on the loopback address unless a password guards it.

A page of a stranger's site may make a browser ask the loopback address. So a request without password must
name this server as its host (no name that was bound to 127.0.0.1), and no other site may frame a page.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from farm.errors import ConfigError, FarmError, RunNotFound
from farm.monitor.access import LOOPBACK, Access
from farm.reports.html.markup import tag, text
from farm.reports.html.page import document
from farm.ui.site import Answer, Site

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def serve(site: Site, access: Access, ready: Callable[[str], None]) -> int:
    """Serve until told to stop; the exit code. `ready` hears the address. ConfigError if it cannot be had."""

    class Handler(BaseHTTPRequestHandler):
        server_version, sys_version = "farm", ""
        timeout = 60

        def do_GET(self) -> None:
            if not access.admits(self.headers.get("Authorization")):
                self._reply(401, Answer(b"who is it?\n", "text/plain"), {"WWW-Authenticate": 'Basic realm="farm"'})
            elif access.password is None and not self._named():
                self._reply(403, Answer(b"this address is for this machine\n", "text/plain"))
            else:
                self._reply(*self._found())

        def _named(self) -> bool:
            host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
            return host in LOOPBACK

        def _found(self) -> tuple[int, Answer]:
            parts = urlsplit(self.path)
            try:
                answer = site.answer(unquote(parts.path), parse_qs(parts.query))
            except RunNotFound as exc:
                return 404, _problem(exc)
            except ConfigError as exc:
                return 400, _problem(exc)
            except FarmError as exc:
                return 500, _problem(exc)
            return (404, _problem(ConfigError("there is no such page"))) if answer is None else (200, answer)

        def _reply(self, status: int, answer: Answer, more: dict[str, str] | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in {**HEADERS, **(more or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: whoever looks sees the answer."""

    try:
        server = ThreadingHTTPServer((access.host, access.port), Handler)
    except OSError as exc:
        raise ConfigError(f"cannot listen on {access.host}:{access.port}: {exc.strerror}") from exc
    server.daemon_threads = True
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    with server:
        ready(f"http://{access.host}:{server.server_address[1]}/")
        server.serve_forever(poll_interval=0.2)
    return 0


def _problem(exc: FarmError) -> Answer:
    body = tag("h1", "farm") + tag("p", text(str(exc), 2000)) + tag("p", tag("a", "Runs", href="/"))
    return Answer(document("farm", body).encode())
