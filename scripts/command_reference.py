"""Write docs/commands.md from the commands themselves; `tests/unit/cli/test_command_reference.py` sees when it drifts.

python scripts/command_reference.py            # writes it
python scripts/command_reference.py --check    # exit code 1 if it is not what would be written
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from farm.cli.main import COMMANDS, cli
from farm.cli.options.everyday import EverydayCommand

PATH = Path(__file__).resolve().parents[1] / "docs" / "commands.md"
WIDTH = 100
HEAD = """# Commands

Made by `python scripts/command_reference.py` from the commands' own help; do not edit.

Exit codes: 0 done, 1 a gate failed or an error, 2 usage or configuration, 3 incomplete, 4 ledger, 130 Ctrl-C.

| command | does |
|---|---|
"""


def reference() -> str:
    """The whole page."""
    rows = "".join(f"| [`farm {name}`](#farm-{name}) | {short} |\n" for name, (_, short) in COMMANDS.items())
    context = click.Context(cli, info_name="farm", terminal_width=WIDTH, max_content_width=WIDTH)
    parts = [part for name in COMMANDS for part in _sections(context, name)]
    return HEAD + rows + "".join(parts)


def _sections(parent: click.Context, name: str) -> Iterator[str]:
    assert isinstance(parent.command, click.Group)
    command = parent.command.get_command(parent, name)
    assert command is not None, name
    context = click.Context(command, parent=parent, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH)
    text = "\n".join(line.rstrip() for line in _help(command, context).splitlines())
    yield f"\n## {context.command_path}\n\n```\n{text}\n```\n"
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            yield from _sections(context, inner)


def _help(command: click.Command, context: click.Context) -> str:
    return command.whole_help(context) if isinstance(command, EverydayCommand) else command.get_help(context)


def main() -> int:
    text = reference()
    if "--check" in sys.argv[1:]:
        if PATH.read_text(encoding="utf-8") == text:
            return 0
        print("docs/commands.md has drifted; run: python scripts/command_reference.py", file=sys.stderr)
        return 1
    PATH.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
