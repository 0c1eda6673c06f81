"""The command table says what the commands say of themselves."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from farm.cli.main import COMMANDS, GROUPS, cli
from farm.version import __version__


@pytest.mark.parametrize("name", list(COMMANDS))
def test_each_command_exists_and_is_described(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None and command.name == name
    assert command.help, f"farm {name} has no help"


def test_an_unknown_command_is_none() -> None:
    assert cli.get_command(click.Context(cli), "nonsense") is None


def said(*arguments: str) -> str:
    return CliRunner().invoke(cli, arguments).output


def test_the_help_lists_each_command_once_in_its_group() -> None:
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(COMMANDS)
    text = said("help")
    assert [line for line in text.splitlines() if line.rstrip(":") in GROUPS] == [f"{title}:" for title in GROUPS]
    assert said("help", "gate") == said("gate", "--help")


def test_a_mistyped_command_or_option_is_answered_with_the_near_one() -> None:
    assert "No such command 'sbmit'. (Did you mean 'submit'?)" in said("sbmit")
    assert "(Did you mean 'submit'?)" in said("help", "submitt")
    assert "--max-tokens" in said("submit", "--max-token", "3")
    assert "No such command 'zzz'.\n" in said("zzz")


def test_submit_begins_with_the_options_of_every_day() -> None:
    short, whole = said("submit", "--help"), said("submit", "--help-all")
    options = [line.split()[0] for line in short.splitlines() if line.startswith("  --")]
    assert options == [f"--{name}" for name in (
        "model", "device", "server-url", "start-server", "dataset", "limit", "n", "temperature", "max-tokens", "build",
    )]  # fmt: skip
    assert "more options: " in short and "--help-all" in short
    assert "--judge" not in short and "--judge" in whole and "Other options:" in whole


def test_the_version_and_the_completion_of_shells() -> None:
    assert said("version") == f"farm {__version__}\n"
    assert "_FARM_COMPLETE=bash_complete" in said("completion", "bash")
    assert "_FARM_COMPLETE=zsh_complete" in said("completion", "zsh")


def test_the_shell_completes_commands_without_importing_them() -> None:
    items = cli.shell_complete(click.Context(cli), "su")
    assert [(item.value, item.help) for item in items] == [("submit", COMMANDS["submit"][1])]
