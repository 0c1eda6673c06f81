"""Which model, of which catalogue, on which servers."""

from __future__ import annotations

import re
from pathlib import Path

import click
from pydantic import SecretStr

from farm.app.model_servers import DEFAULT_SERVER
from farm.app.requests import BuildChoice, ModelChoice, ServerChoice, StartServer
from farm.cli.options.group import all_of, gathered
from farm.errors import ConfigError
from farm.request_headers import checked_headers
from farm.text import one_line

CATALOGUE = click.option(
    "--catalogue",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="A release_model_spec.json in place of the built-in table, or a YAML file that adds to it; repeatable.",
)

MODEL = gathered(
    "model",
    ModelChoice,
    click.option(
        "--model",
        default="",
        help="Short name or repo id of the catalogue (farm models), or a server's own name. Not needed where a server "
        "of this host is found that has one model.",
    ),
    click.option(
        "--device",
        help="Device that serves it: n150, n300, t3k, ..., cpu. Not needed for a server that is named or found.",
    ),
    click.option("--engine", help="Of several catalogue entries: vLLM, forge, llama.cpp."),
    click.option("--impl", help="Of several catalogue entries: the implementation."),
    CATALOGUE,
    click.option("--force", is_flag=True, help="Also where Tenstorrent's tt marks the model broken on the device."),
)

ANY_MODEL = click.option(
    "--any-model",
    is_flag=True,
    help="Also ask a server that serves another model and answers for any name (llama.cpp).",
)


def _header(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, SecretStr]:
    """The headers of `NAME=VALUE`; ConfigError that shows no value."""
    found = {}
    for text in values:
        name, mark, value = text.partition("=")
        if not mark:
            raise ConfigError("--header: no NAME=VALUE", remedy="as X-Team=eval")
        checked_headers({name: value}, "--header")
        found[name] = SecretStr(value)
    return found


SERVERS = gathered(
    "servers",
    ServerChoice,
    click.option(
        "--server-url",
        "urls",
        multiple=True,
        metavar="URL",
        help="Model server; several share the work. Default: FARM_SERVER_URL; else farm submit looks on this host for "
        "one that tt started, or that answers at SERVICE_PORT, 20000 or 8000, and other commands take "
        f"{DEFAULT_SERVER}.",
    ),
    click.option(
        "--wait-server", "wait_s", type=click.FloatRange(0, 86400), default=0.0, metavar="S",
        help="Wait so long for the server.",
    ),
    click.option(
        "--header", "headers", multiple=True, metavar="K=V", callback=_header,
        help="Add a header to each request; repeatable. Its value is shown and stored nowhere.",
    ),
)  # fmt: skip


_LABEL = re.compile(r"[A-Za-z0-9_.-]{1,60}")


def _labels(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    pairs = [(name.strip(), value.strip()) for name, _, value in (text.partition("=") for text in values)]
    for name, value in pairs:
        if not _LABEL.fullmatch(name) or not value:
            raise ConfigError(
                f"--label {one_line(name, 60)}: a name and a value are wanted", remedy="write it as --label driver=2.1"
            )
    if len(dict(pairs)) < len(pairs):
        raise ConfigError("--label: a name is given twice")
    return tuple((name, one_line(value, 200)) for name, value in pairs)


BUILD = gathered(
    "build",
    BuildChoice,
    click.option(
        "--build", default="", metavar="TEXT",
        help="Build that gave the answers; default: the image that farm started, else what the server's /version says; "
        "unknown for answers from a file.",
    ),
    click.option(
        "--label", "labels", multiple=True, metavar="K=V", callback=_labels,
        help="More about the build, to tell runs apart in trend and compare; repeatable.",
    ),
)  # fmt: skip

# Of completions that exist already: they name no model themselves
ANSWERED_BY = all_of(
    click.option("--model", default="", metavar="NAME", help="Model that gave the answers, for tables and exports."),
    click.option("--device", default="", metavar="NAME", help="Device that the model ran on; default: unknown."),
    BUILD,
)


def _start_server(
    start_server: bool, server_port: int, server_image: str | None, server_weights: Path | None
) -> StartServer | None:
    return StartServer(server_port, server_image, server_weights) if start_server else None


START_SERVER = gathered(
    "start_server",
    _start_server,
    click.option("--start-server", is_flag=True, help="Start the catalogue's server here, unless it runs; it stays."),
    click.option("--server-port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Its port."),
    click.option("--server-image", help="In place of the catalogue's image."),
    click.option(
        "--server-weights", type=click.Path(exists=True, path_type=Path), help="Folder of weights, or a GGUF file."
    ),
)
