"""Serves the site of all runs. It is read by GET alone, and no other site may frame a page of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from farm.errors import ConfigError, FarmError, RunNotFound
from farm.reports.html.markup import tag, text
from farm.reports.html.page import document
from farm.ui.site import Site
from farm.web import server
from farm.web.access import Access
from farm.web.server import Reply

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def serve(site: Site, access: Access, ready: Callable[[str], None]) -> int:
    """Serve until told to stop; returns the exit code. `ready` is called with the address. Raises ConfigError."""

    def answer(path: str, query: Mapping[str, Sequence[str]]) -> Reply:
        try:
            found = site.answer(path, query)
        except RunNotFound as exc:
            return _problem(exc, 404)
        except ConfigError as exc:
            return _problem(exc, 400)
        except FarmError as exc:
            return _problem(exc, 500)
        return _problem(ConfigError("there is no such page"), 404) if found is None else found

    return server.serve(access, answer, headers=HEADERS, ready=ready)


def _problem(exc: FarmError, status: int) -> Reply:
    body = tag("h1", "farm") + tag("p", text(str(exc), 2000)) + tag("p", tag("a", "Runs", href="/"))
    return Reply(document("farm", body).encode(), status=status)
