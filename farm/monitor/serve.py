"""Serves the exporter: /metrics and / with the password, /health to anyone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing

from farm.config import Settings
from farm.errors import ConfigError
from farm.ledger.ledger import Ledger
from farm.queue import broker, broker_checks
from farm.web import server
from farm.web.access import Access
from farm.web.server import Reply

HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
PUBLIC = {"/health": Reply(b"ok\n", "text/plain")}


def serve(settings: Settings, access: Access) -> int:
    """Serve until told to stop; returns the exit code.

    Raises ConfigError if the extra `metrics` is not installed or the address cannot be listened on.
    """
    try:
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
    except ImportError as exc:
        raise ConfigError("prometheus-client is not installed", remedy="pip install 'farm-eval[metrics]'") from exc
    from farm.monitor.collector import FarmCollector
    from farm.monitor.page import page

    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Ledger(settings.ledger_url) as ledger, closing(broker.client(settings)) as connection:
        broker_checks.ping(settings)
        collector, registry = FarmCollector(settings, ledger, connection), CollectorRegistry()
        registry.register(collector)

        def answer(path: str, _: Mapping[str, Sequence[str]]) -> Reply:
            match path:
                case "/metrics":
                    return Reply(generate_latest(registry), CONTENT_TYPE_LATEST)
                case "/":
                    return Reply(page(collector.look()).encode())
                case _:
                    return Reply(b"/ and /metrics are here\n", "text/plain", 404)

        return server.serve(access, answer, headers=HEADERS, public=PUBLIC)
