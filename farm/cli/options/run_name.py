"""Runs as arguments: a name, the beginning of one, or `@latest`; completed by the shell."""

from __future__ import annotations

from contextlib import suppress

import click
from click.shell_completion import CompletionItem

from farm.app.home import open_ledger
from farm.config import load
from farm.errors import FarmError
from farm.ledger.run_names import find_run, run_names
from farm.ledger.suites import find_suite


class RunName(click.ParamType[str]):
    """The run's full name. What the ledger does not know stays as it is: the command says what that means."""

    name = "run"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        with open_ledger(load()) as ledger:
            return value if find_suite(ledger, value) is not None else find_run(ledger, value) or value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        with suppress(FarmError), open_ledger(load()) as ledger:
            return [CompletionItem(name) for name in run_names(ledger) if name.startswith(incomplete)]
        return []


RUN = RunName()
