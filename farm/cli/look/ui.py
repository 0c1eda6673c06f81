"""`farm ui`: runs, live progress, reports and comparisons in a browser."""

from __future__ import annotations

import click

from farm.app.home import blob_store, open_ledger
from farm.config import load


@click.command()
@click.option(
    "--listen", default="127.0.0.1:8787", show_default=True, metavar="HOST:PORT", help="Port 0: any free one."
)
def ui(listen: str) -> int:
    """Serve a read-only site of all runs until Ctrl-C: live progress, reports, comparison, trend.

    Without FARM_WEB_PASSWORD for this machine alone; with it, for user `farm` on any address. It shows
    hidden tests.
    """
    from farm.ui.serve import serve
    from farm.ui.site import Site
    from farm.web.access import access

    settings = load()
    chosen = access(settings, listen)
    with open_ledger(settings) as ledger:
        site = Site(ledger, blob_store(settings).get, settings.home / "reports")
        return serve(site, chosen, lambda address: click.echo(address))
