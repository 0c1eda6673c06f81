"""`farm help`, `farm version` and `farm completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from farm.version import __version__

VARIABLE = "_FARM_COMPLETE"


@click.command(name="help")
@click.argument("command", required=False)
@click.pass_context
def help_(context: click.Context, command: str | None) -> None:
    """Show the help of farm, or of COMMAND."""
    top = context.parent
    assert top is not None and isinstance(top.command, click.Group)
    if command is None:
        click.echo(top.get_help())
        return
    name, found, _ = top.command.resolve_command(top, [command])
    assert found is not None
    with click.Context(found, info_name=name, parent=top) as inner:
        click.echo(found.get_help(inner))


@click.command()
def version() -> None:
    """Print the version."""
    click.echo(f"farm {__version__}")


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), default="bash")
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete commands, options and runs.

    Of bash, in ~/.bashrc: eval "$(farm completion bash)"
    """
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(context.find_root().command, {}, "farm", VARIABLE).source())
