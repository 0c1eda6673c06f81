"""The exporter's HTTP: /metrics and / for whoever has the password, /health for anybody."""

from __future__ import annotations

import signal
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from farm.config import Settings
from farm.errors import ConfigError
from farm.ledger.ledger import Ledger
from farm.monitor.access import Access
from farm.queue import broker


def serve(settings: Settings, access: Access) -> int:
    """Serve until told to stop; the exit code. ConfigError when the extra is missing or the port is taken."""
    try:
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
    except ImportError as exc:
        raise ConfigError("prometheus-client is not installed", remedy="pip install 'farm[metrics]'") from exc
    from farm.monitor.collector import FarmCollector
    from farm.monitor.page import page

    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Ledger(settings.ledger_url) as ledger, closing(broker.client(settings)) as connection:
        broker.ping(settings)
        collector, registry = FarmCollector(settings, ledger, connection), CollectorRegistry()
        registry.register(collector)

        class Handler(BaseHTTPRequestHandler):
            server_version, sys_version = "farm", ""

            def do_GET(self) -> None:
                if self.path == "/health":
                    return self._reply(200, "text/plain", b"ok\n")
                if not access.admits(self.headers.get("Authorization")):
                    return self._reply(401, "text/plain", b"who is it?\n", {"WWW-Authenticate": 'Basic realm="farm"'})
                if self.path == "/metrics":
                    return self._reply(200, CONTENT_TYPE_LATEST, generate_latest(registry))
                if self.path == "/":
                    return self._reply(200, "text/html; charset=utf-8", page(collector.look()).encode())
                return self._reply(404, "text/plain", b"/ and /metrics are here\n")

            def _reply(self, status: int, kind: str, body: bytes, more: dict[str, str] | None = None) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
                for name, value in (more or {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: a scrape every few seconds is no news."""

        try:
            server = ThreadingHTTPServer((access.host, access.port), Handler)
        except OSError as exc:
            raise ConfigError(f"cannot listen on {access.host}:{access.port}: {exc.strerror}") from exc
        server.daemon_threads = True
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        with server:
            server.serve_forever(poll_interval=0.2)
    return 0
