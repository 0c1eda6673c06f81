"""The run that a user means: by its name, the beginning of it, or how late it was planned."""

from __future__ import annotations

import re

import sqlalchemy as sa

from farm.errors import ConfigError
from farm.ledger import tables
from farm.ledger.ledger import Ledger

LATEST = "@latest"
SHOWN = 5  # names in an error


def run_names(ledger: Ledger) -> list[str]:
    """The names of all runs, the latest first."""
    planned = sa.select(tables.runs.c.run_id).order_by(tables.runs.c.created_at.desc())
    with ledger.read() as db:
        return list(db.execute(planned).scalars())


def find_run(ledger: Ledger, text: str) -> str | None:
    """The run of that name or beginning; `@latest`, or `@2` for the one before it. None if there is none.

    ConfigError for a beginning that several runs have, and for a number that is too high.
    """
    names = run_names(ledger)
    if text in names:
        return text
    if text == LATEST or re.fullmatch(r"@[1-9][0-9]{0,6}", text):
        number = 1 if text == LATEST else int(text[1:])
        if number > len(names):
            raise ConfigError(f"{text}: the ledger has {len(names)} runs", remedy="list them with: farm runs")
        return names[number - 1]
    found = [name for name in names if text and name.startswith(text)]
    if len(found) > 1:
        more = ", ..." if len(found) > SHOWN else ""
        raise ConfigError(
            f"{len(found)} runs begin with {text}: {', '.join(found[:SHOWN])}{more}", remedy="write more of the name"
        )
    return found[0] if found else None
