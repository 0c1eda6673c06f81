"""Which problems a run takes: the options that `submit` and `grade` share, and the plan they become."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import click

from farm.cli.options.confinement import F, all_of
from farm.datasets.resolve import DatasetSource
from farm.datasets.select import Selection
from farm.datasets.store import BlobStore
from farm.errors import ConfigError
from farm.planning.plan import PlannedDataset, plan_dataset
from farm.protocols import Protocol
from farm.records import DatasetRef, Difficulty
from farm.screen.status_line import StatusLine

NAME_OR_PATH = "'sample', a pulled one (farm dataset list), a JSONL file, or a folder of LiveCodeBench's files."

_SHOWN = 5
_DAY = click.DateTime(["%Y-%m-%d"])

DATASET: Callable[[F], F] = all_of(
    click.option("--release", metavar="vN", help="Of LiveCodeBench: release_v1 to release_v6, or v1 to v6."),
    click.option("--from", "date_from", type=_DAY, help="Contest date, inclusive."),
    click.option("--to", "date_to", type=_DAY, help="Contest date, inclusive."),
    click.option(
        "--difficulty", "difficulties", multiple=True, type=click.Choice(["easy", "medium", "hard"]), help="Repeatable."
    ),
    click.option("--platform", "platforms", multiple=True, help="leetcode, atcoder, codeforces; repeatable."),
    click.option("--ids", help="Only these problems, separated by commas."),
    click.option("--limit", type=int, help="Take so many problems, each difficulty and platform in proportion."),
    click.option(
        "--limit-seed", type=int, default=42, show_default=True, help="Of the draw of --limit, whatever --seed is."
    ),
    click.option(
        "--exclude-errata", is_flag=True, help="Leave out problems with a known flaw; by default they are only marked."
    ),
    click.option(
        "--tests", type=click.Choice(["all", "public"]), default="all", show_default=True, help="Which tests decide."
    ),
    click.option(
        "--skip-bad-rows",
        is_flag=True,
        help="Leave out rows that cannot be read; the report names each as unjudgeable.",
    ),
)


def selection(options: dict[str, Any]) -> Selection:
    """What the DATASET options take. ConfigError for options that can take nothing."""
    ids = None if options["ids"] is None else {part.strip() for part in options["ids"].split(",")} - {""}
    if ids is not None and not ids:
        raise ConfigError("--ids names no problem", remedy="give ids separated by commas")

    def day(value: datetime | None) -> date | None:
        return value.date() if value is not None else None

    return Selection(
        date_from=day(options["date_from"]),
        date_to=day(options["date_to"]),
        difficulties=frozenset(Difficulty(name) for name in options["difficulties"]),
        platforms=frozenset(options["platforms"]),
        ids=frozenset(ids or ()),
        limit=options["limit"],
        seed=options["limit_seed"],
    )


def plan_problems(
    source: DatasetSource,
    wanted: Selection,
    store: BlobStore,
    protocol: Protocol | None,
    options: dict[str, Any],
    first_tests: int | None = None,
) -> PlannedDataset:
    """`plan_dataset` with the DATASET options; shows how far it is and says what was left out, on stderr."""
    with StatusLine() as line:
        dataset = plan_dataset(
            source,
            wanted,
            store,
            tests=options["tests"],
            skip_bad_rows=options["skip_bad_rows"],
            protocol=protocol,
            exclude_errata=options["exclude_errata"],
            first_tests=first_tests,
            on_problem=lambda done: line.show(f"reading {source.name}: {done} problems"),
        )
    _say_left_out(dataset.ref)
    return dataset


def _say_left_out(ref: DatasetRef) -> None:
    if ref.skipped_rows:
        names = [row.problem_id or row.place for row in ref.bad_rows]
        shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        click.echo(f"skipped {ref.skipped_rows} bad rows of the dataset, unjudgeable: {shown}", err=True)
    if ref.flawed_excluded:
        click.echo(f"left out {len(ref.flawed_excluded)} problems with an erratum ({ref.errata})", err=True)
