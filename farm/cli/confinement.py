"""The options that say how programs are confined; apart, because a worker must not load what a run needs."""

from __future__ import annotations

import sys

import click

SANDBOX = click.option(
    "--sandbox",
    "tier",
    type=click.Choice(["auto", "ns", "uid", "landlock", "none"]),
    default="auto",
    show_default=True,
    help="How programs are confined; auto takes the strongest that passes its self-test.",
)
PYTHON = click.option("--python", default=sys.executable, metavar="PATH", help="Interpreter that runs the programs.")
