"""`farm image build`: the images of farm's own roles, tagged with version and commit."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from farm.errors import ConfigError
from farm.screen.status_line import StatusLine
from farm.server.engine import connect
from farm.text import one_line
from farm.version import __version__

DOCKERFILE = "worker.Dockerfile"
ROLES = ("execute", "generate", "coordinator", "broker")
SCORE = "score"  # 760 MB of lm-eval: only where it is asked for
_DIRTY = "-dirty"


@click.group()
def image() -> None:
    """Images of farm's own workers."""


@image.command()
@click.option(
    "--role", "roles", multiple=True, type=click.Choice([*ROLES, SCORE]), help=f"Repeatable; default: all but {SCORE}."
)
@click.option(
    "--source",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help=f"A checkout of farm, with its {DOCKERFILE}; default: this folder.",
)
@click.option("--base", help="In place of the image that they are built upon.")
def build(roles: tuple[str, ...], source: Path, base: str | None) -> int:
    """Build the image of each role, and print its name: farm-ROLE:VERSION-COMMIT.

    A checkout with changes that are not committed is tagged as dirty. Version and commit are labels of the
    image, too.
    """
    if not (source / DOCKERFILE).is_file():
        raise ConfigError(f"no {DOCKERFILE} in {source.absolute()}", remedy="name a checkout of farm with --source")
    commit = commit_of(source)
    engine = connect().api
    tag = f"{__version__}-{_short(commit)}"
    arguments = {"FARM_VERSION": __version__, "FARM_COMMIT": commit, **({} if base is None else {"BASE": base})}
    for role in roles or ROLES:
        name = f"farm-{role}:{tag}"
        _build(engine, source, role, name, arguments)
        click.echo(name)
    click.echo(f"compose takes them with: FARM_TAG={tag} docker-compose up --detach", err=True)
    return 0


def commit_of(folder: Path) -> str:
    """The commit of a checkout, marked where it has changes; `unknown` if it is none."""
    with suppress(OSError, subprocess.SubprocessError):
        head, changes = _git(folder, "rev-parse", "HEAD"), _git(folder, "status", "--porcelain")
        return f"{head}{_DIRTY}" if changes else head
    return "unknown"


def _git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()


def _short(commit: str) -> str:
    head = commit.removesuffix(_DIRTY)
    return head[:12] + (_DIRTY if commit != head else "")


def _build(engine: Any, source: Path, role: str, name: str, arguments: dict[str, str]) -> None:
    """Build one target; ConfigError with the step that failed and its last words."""
    from docker.errors import DockerException

    step = said = ""
    try:
        with StatusLine() as line:
            for event in engine.build(
                path=str(source), dockerfile=DOCKERFILE, target=role, tag=name, buildargs=arguments, rm=True,
                forcerm=True, decode=True,
            ):  # fmt: skip
                text = str(event.get("stream") or "").strip()
                if event.get("error"):
                    why = f"{said}; " if said else ""
                    raise ConfigError(
                        f"{name} is not built, at {one_line(step, 160)}: {why}{one_line(str(event['error']), 200)}",
                        remedy=f"docker build -f {DOCKERFILE} --target {role} . shows all of it",
                    )
                if text.startswith("Step "):
                    step, said = text, ""
                elif text and not text.startswith(("--->", "Removing")):
                    said = one_line(text.splitlines()[-1], 160)
                line.show(f"{name}: {one_line(step, 100)}")
    except DockerException as exc:
        raise ConfigError(f"{name} is not built: {one_line(str(exc), 300)}") from exc
