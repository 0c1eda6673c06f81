"""`farm judge-server`: verdicts over HTTP."""

from __future__ import annotations

import os

import click

from farm.cli.options.confinement import CONFINEMENT
from farm.config import forget_secrets, load
from farm.errors import ConfigError
from farm.sandbox.confinement import Confinement


@click.command(name="judge-server")
@click.option(
    "--listen", default="127.0.0.1:8786", show_default=True, metavar="HOST:PORT", help="Port 0: any free one."
)
@click.option("--slots", type=click.IntRange(1, 4096), help="Programs that run at a time; default: one per core.")
@click.option(
    "--waiting", type=click.IntRange(0, 1_000_000), metavar="N",
    help="Programs that may wait for a slot, else 429; default: 16 for each slot.",
)  # fmt: skip
@CONFINEMENT
def judge_server(listen: str, slots: int | None, waiting: int | None, confinement: Confinement) -> int:
    """Judge programs for other processes, such as trainers, until Ctrl-C.

    Native paths under /v1, and SandboxFusion's /run_code and /submit (docs/judge-server.md). Without
    FARM_JUDGE_TOKEN for this machine alone; with it as bearer token, on any address. Programs run confined; an
    error of this side is an error of the call and never a verdict.
    """
    try:
        from farm.judge_server.http import serve
    except ModuleNotFoundError as exc:
        raise ConfigError("prometheus-client is not installed", remedy="pip install 'farm-eval[metrics]'") from exc
    from farm.judge_server.service import Service
    from farm.judge_server.slots import SlotPool
    from farm.web.access import access_by

    chosen = access_by(listen, load().judge_token, "FARM_JUDGE_TOKEN_FILE")
    forget_secrets()  # the slots start sandboxes
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    pool = SlotPool(slots or cores, confinement)
    try:
        return serve(chosen, Service(pool, waiting), lambda address: click.echo(address))
    finally:
        pool.close()
