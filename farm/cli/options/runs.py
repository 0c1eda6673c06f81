"""Which runs a list shows: the options that `farm runs` and `farm trend` share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import click

from farm.cli.options.group import F, all_of
from farm.errors import ConfigError
from farm.ledger.ledger import RunRow

FILTERS: Callable[[F], F] = all_of(
    click.option("--model", help="Part of the model's name, in any case."),
    click.option("--device", help="Of the model server."),
    click.option("--dataset", help="Part of the dataset's name."),
    click.option("--protocol", help="Name, or name@version."),
    click.option("--state", help="planned, running, interrupted, paused, complete, incomplete."),
    click.option("--since", metavar="YYYY-MM-DD", help="Planned on that day or later, UTC."),
)


def matching(
    rows: Iterable[RunRow], *, model: str | None = None, device: str | None = None, dataset: str | None = None,
    protocol: str | None = None, state: str | None = None, since: str | None = None,
) -> list[RunRow]:  # fmt: skip
    """The rows that all given filters let through. ConfigError for a day that is none."""
    try:
        begin = 0.0 if since is None else datetime.fromisoformat(since).replace(tzinfo=UTC).timestamp()
    except ValueError as exc:
        raise ConfigError(f"--since {since}: not a day", remedy="write it as 2026-01-31") from exc

    def fits(row: RunRow) -> bool:
        spec, served = row.spec, row.spec.model
        return (
            (model is None or (served is not None and model.lower() in served.repo.lower()))
            and (device is None or (served is not None and served.device.lower() == device.lower()))
            and (dataset is None or dataset.lower() in spec.dataset.name.lower())
            and (protocol is None or protocol in (spec.protocol, spec.protocol.partition("@")[0]))
            and (state is None or row.state == state)
            and row.created_at >= begin
        )

    return [row for row in rows if fits(row)]
