"""Groups of options that reach a command as one value."""

from __future__ import annotations

from dataclasses import dataclass

import click
from click.testing import CliRunner

from farm.cli.options.group import gathered


@dataclass(frozen=True)
class Place:
    host: str
    port: int = 80


@dataclass(frozen=True)
class Request:
    place: Place
    name: str
    words: tuple[str, ...] = ()


PLACE = gathered("place", Place, click.option("--host", default="here"), click.option("--port", type=int, default=8000))
HOST = gathered("place", Place, click.option("--host", default="here"))


def output(command: click.Command, *arguments: str) -> str:
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 0, done.output
    return done.output.strip()


def test_a_group_may_be_part_of_another_and_a_command_may_have_more() -> None:
    @click.command()
    @gathered("request", Request, click.argument("name"), PLACE, click.option("--word", "words", multiple=True))
    @click.option("--loud", is_flag=True)
    def command(request: Request, loud: bool) -> None:
        """Says it."""
        click.echo(f"{request} {loud}")

    assert output(command, "a", "--port", "1", "--word", "x", "--loud") == (
        f"{Request(Place('here', 1), 'a', ('x',))} True"
    )
    shown = output(command, "--help")
    assert "Says it." in shown and shown.index("--host") < shown.index("--word") < shown.index("--loud")


def test_what_a_command_has_no_option_for_keeps_its_default() -> None:
    @click.command()
    @HOST
    def command(place: Place) -> None:
        click.echo(place)

    assert output(command, "--host", "there") == str(Place("there", 80))
