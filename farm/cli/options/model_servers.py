"""Before anything is planned or resumed: the model server answers, takes the key and has the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from farm.app.model_servers import DEFAULT_SERVER
from farm.cli.options.confinement import F, all_of

SERVER_URL = click.option(
    "--server-url",
    "server_urls",
    multiple=True,
    metavar="URL",
    help=f"Model server; several share the work; default: FARM_SERVER_URL, else {DEFAULT_SERVER}.",
)
WAIT_SERVER = click.option(
    "--wait-server", type=click.FloatRange(0, 86400), default=0.0, metavar="S", help="Wait so long for the server."
)

START_SERVER: Callable[[F], F] = all_of(
    click.option("--start-server", is_flag=True, help="Start the catalogue's server here, unless it runs; it stays."),
    click.option("--server-port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Its port."),
    click.option("--server-image", help="In place of the catalogue's image."),
    click.option(
        "--server-weights", type=click.Path(exists=True, path_type=Path), help="Folder of weights, or a GGUF file."
    ),
)
