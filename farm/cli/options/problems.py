"""Which problems a run takes: the options that `submit`, `grade` and `import` share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Literal

import click

from farm.app.requests import ProblemChoice
from farm.cli.options.group import F, gathered
from farm.datasets.select import Selection, window_of
from farm.errors import ConfigError
from farm.records import Difficulty

NAME_OR_PATH = "'sample', a pulled one (farm dataset list), a JSONL file, or a folder of LiveCodeBench's files."

RELEASE_HELP = (
    "Of LiveCodeBench: v6 (release_v6) is all that v1 to v6 added, v6-only what v6 added, v4_v6 what v4 to v6 added."
)

_DAY = click.DateTime(["%Y-%m-%d"])


def _problems(
    dataset: str | None,
    release: str | None,
    window: str | None,
    date_from: datetime | None,
    date_to: datetime | None,
    difficulties: tuple[str, ...],
    platforms: tuple[str, ...],
    ids: str | None,
    limit: int | None,
    limit_seed: int,
    exclude_errata: bool,
    tests: Literal["all", "public"],
    skip_bad_rows: bool,
) -> ProblemChoice:
    """ConfigError for options that can take no problem."""
    wanted = frozenset() if ids is None else frozenset(part.strip() for part in ids.split(",")) - {""}
    if ids is not None and not wanted:
        raise ConfigError("--ids names no problem", remedy="give ids separated by commas")
    if window is not None and (date_from or date_to):
        raise ConfigError("--window has both dates", remedy="leave out --from and --to")
    first, last = window_of(window) if window is not None else (_day(date_from), _day(date_to))
    selection = Selection(
        date_from=first,
        date_to=last,
        difficulties=frozenset(Difficulty(name) for name in difficulties),
        platforms=frozenset(platforms),
        ids=wanted,
        limit=limit,
        seed=limit_seed,
    )
    return ProblemChoice(dataset, release, selection, tests, skip_bad_rows, exclude_errata)


def _day(value: datetime | None) -> date | None:
    return value.date() if value is not None else None


def problems(*, required: bool) -> Callable[[F], F]:
    """The group of these options; `required`: the dataset has no default."""
    return gathered(
        "problems",
        _problems,
        click.option("--dataset", required=required, metavar="NAME|PATH", help=NAME_OR_PATH),
        click.option("--release", metavar="vN|vN-only|vM_vN", help=RELEASE_HELP),
        click.option(
            "--window",
            metavar="FROM..TO",
            help="Contest dates as months or days, inclusive; 2024-08..2025-05 is that of LiveCodeBench's leaderboard.",
        ),
        click.option("--from", "date_from", type=_DAY, help="Contest date, inclusive."),
        click.option("--to", "date_to", type=_DAY, help="Contest date, inclusive."),
        click.option(
            "--difficulty",
            "difficulties",
            multiple=True,
            type=click.Choice(["easy", "medium", "hard"]),
            help="Repeatable.",
        ),
        click.option("--platform", "platforms", multiple=True, help="leetcode, atcoder, codeforces; repeatable."),
        click.option("--ids", help="Only these problems, separated by commas."),
        click.option("--limit", type=int, help="Take so many problems, each difficulty and platform in proportion."),
        click.option(
            "--limit-seed", type=int, default=42, show_default=True, help="Of the draw of --limit, whatever --seed is."
        ),
        click.option(
            "--exclude-errata",
            is_flag=True,
            help="Leave out problems with a known flaw; by default they are only marked.",
        ),
        click.option(
            "--tests",
            type=click.Choice(["all", "public"]),
            default="all",
            show_default=True,
            help="Which tests decide.",
        ),
        click.option(
            "--skip-bad-rows",
            is_flag=True,
            help="Leave out rows that cannot be read; the report names each as unjudgeable.",
        ),
    )
