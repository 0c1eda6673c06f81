"""The command table says what the commands say of themselves."""

from __future__ import annotations

import click
import pytest

from farm.cli.main import COMMANDS, cli


@pytest.mark.parametrize("name", list(COMMANDS))
def test_each_command_exists_and_is_described(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None and command.name == name
    assert command.help, f"farm {name} has no help"


def test_an_unknown_command_is_none() -> None:
    assert cli.get_command(click.Context(cli), "nonsense") is None
