"""`farm repair`: ask again for the programs that failed in a run, each with what went wrong."""

from __future__ import annotations

from typing import Any

import click

from farm.app.home import blob_store, open_ledger
from farm.app.model_servers import ready_servers
from farm.cli.conclude import drive
from farm.cli.options.model_servers import SERVER_URL, WAIT_SERVER
from farm.cli.options.run import HOW, REQUESTS, RUN_ID, how_to_run
from farm.config import load
from farm.errors import ConfigError
from farm.ids import new_run_id
from farm.planning.repair import plan_repair
from farm.screen.terminal import Terminal


@click.command()
@click.argument("source", metavar="RUN")
@SERVER_URL
@WAIT_SERVER
@RUN_ID
@REQUESTS
@HOW
def repair(source: str, **options: Any) -> int:
    """Ask the model of RUN to repair its failed programs, as a new run (LiveCodeBench's self-repair).

    What passed is taken over, so the score is that of the model with one repair. RUN itself is not changed.
    """
    how = how_to_run(options)
    settings = load()
    with open_ledger(settings) as ledger:
        row = ledger.run(source)
        if row.spec.model is None:
            raise ConfigError(f"run {source} has no model to ask: its completions came from a file")
        ready = ready_servers(
            settings, row.spec.model, options["server_urls"] or row.spec.servers, options["wait_server"], Terminal()
        )
        run_id = options["run_id"] or new_run_id(f"repair-{row.spec.model.name}")
        spec = plan_repair(ledger, run_id, row, blob_store(settings), servers=ready.urls)
        assert spec.repairs is not None
        click.echo(f"run {run_id}: asking again for {spec.repairs.failed} programs of {source}", err=True)
        return drive(settings, ledger, run_id, how)
