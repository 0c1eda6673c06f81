"""Which problems of a dataset a run takes: filters, a limit and the digest of the outcome. Pure.

The limit is stratified, because the first rows of LiveCodeBench are all of one platform and month: the
n problems taken have the dataset's shares of difficulty and platform as nearly as whole numbers allow.
It is drawn by hash, so it is the same on every machine and with every order of rows, and a smaller
limit takes a part of what a larger one takes.
"""

from __future__ import annotations

import hashlib
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil
from typing import NamedTuple, Protocol, TypeVar

from farm.errors import ConfigError, DatasetError
from farm.ids import canonical_json, sha256_hex
from farm.records import Difficulty, Problem
from farm.text import one_line


class Selectable(Protocol):
    """What a selection looks at; `reader.ProblemHeader` and `records.Problem` both have it."""

    @property
    def problem_id(self) -> str: ...
    @property
    def platform(self) -> str: ...
    @property
    def difficulty(self) -> Difficulty: ...
    @property
    def contest_date(self) -> str: ...


H = TypeVar("H", bound=Selectable)


@dataclass(frozen=True, slots=True)
class Selection:
    """What to take. Empty sets and None filter nothing; dates are inclusive at both ends.

    `without` names ids to leave out; they need not be in the dataset.
    """

    date_from: date | None = None
    date_to: date | None = None
    difficulties: frozenset[Difficulty] = frozenset()
    platforms: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    limit: int | None = None
    seed: int = 42  # of the limit's draw
    # Of what is left by the filters, in the dataset's order: the first ones (below 1 a share of them, rounded up) or
    # those at these places. lm-eval counts so, and a limit does not.
    first: float | None = None
    places: frozenset[int] | None = None

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"--limit {self.limit} takes no problem", remedy="give 1 or more")
        if self.date_from and self.date_to and self.date_from > self.date_to:
            raise ConfigError(f"--from {self.date_from} is later than --to {self.date_to}")
        if self.limit is not None and (self.first is not None or self.places is not None):
            raise ConfigError("--limit does not go together with a part that is taken in order")

    @property
    def takes_all(self) -> bool:
        """Whether nothing is left out of any dataset."""
        return self == Selection(seed=self.seed)

    def in_words(self) -> str:
        """What it takes, for a report; empty if that is all. `without` is not part of it."""
        parts = [f"{len(self.ids)} by id"] if self.ids else []
        parts += [", ".join(level.value for level in Difficulty if level in self.difficulties)]
        parts += [", ".join(sorted(self.platforms))]
        parts += [f"from {self.date_from}"] if self.date_from else []
        parts += [f"to {self.date_to}"] if self.date_to else []
        parts += [f"{self.limit} stratified with seed {self.seed}"] if self.limit is not None else []
        parts += [self._in_order()]
        return "; ".join(part for part in parts if part)

    def _in_order(self) -> str:
        if self.places is not None:
            return f"{len(self.places)} by their place"
        if self.first is None:
            return ""
        return f"the first {self.first * 100:g} %" if self.first < 1 else f"the first {self.first:.0f}"

    def in_order(self, kept: Sequence[H]) -> list[H]:
        """Of what the filters left, those that `places` or `first` takes."""
        if self.places is not None:
            return [header for place, header in enumerate(kept) if place in self.places]
        if self.first is None:
            return list(kept)
        return list(kept[: ceil(len(kept) * self.first) if self.first < 1 else int(self.first)])


def window_of(text: str) -> tuple[date, date]:
    """The first and last day of `2024-08..2025-05`, whose ends are months or days. ConfigError for anything else."""
    begin, _, end = text.partition("..")
    try:
        first = date.fromisoformat(begin if len(begin) > 7 else f"{begin}-01")
        if len(end) > 7:
            return first, date.fromisoformat(end)
        month = date.fromisoformat(f"{end}-01")
        return first, month.replace(day=monthrange(month.year, month.month)[1])
    except ValueError:
        raise ConfigError(
            f"--window {one_line(text, 40)} is no window of dates", remedy="write it like 2024-08..2025-05"
        ) from None


class Stratum(NamedTuple):
    """One cell of the stratified draw."""

    difficulty: Difficulty
    platform: str


def select(headers: Sequence[H], selection: Selection) -> list[H]:
    """The headers that `selection` takes, in the order given.

    Raises DatasetError when an id or platform occurs nowhere in `headers`, or nothing is left.
    """
    _refuse_unknown(headers, selection)
    kept = [h for h in headers if h.problem_id not in selection.without and _passes_filters(h, selection)]
    if not kept:
        raise DatasetError(f"the filters leave none of {len(headers)} problems", remedy=_ranges(headers))
    if (last := max(selection.places or (), default=0)) >= len(kept):
        raise DatasetError(
            f"no problem stands at place {last} of {len(kept)}", remedy=f"places are counted from 0 to {len(kept) - 1}"
        )
    kept = selection.in_order(kept)
    if selection.limit is None or selection.limit >= len(kept):
        return kept
    drawn = draw(kept, selection.limit, selection.seed)
    return [header for header in kept if header.problem_id in drawn]


def excluded(headers: Iterable[Selectable], selection: Selection) -> set[str]:
    """The ids that `without` alone keeps out: the other filters would take them."""
    return {
        header.problem_id
        for header in headers
        if header.problem_id in selection.without and _passes_filters(header, selection)
    }


def draw(headers: Iterable[Selectable], limit: int, seed: int) -> set[str]:
    """The ids of `limit` headers, each stratum in proportion (Sainte-Laguë's method), drawn by hash of `seed`.

    The r-th of a stratum's m members, in hash order, stands at (2r + 1) / 2m; the `limit` lowest are
    taken, which leaves each stratum its share of the limit, rounded.
    """
    strata: dict[Stratum, list[tuple[str, str]]] = defaultdict(list)
    for header in headers:
        key = sha256_hex(canonical_json([seed, header.problem_id]))
        strata[Stratum(header.difficulty, header.platform)].append((key, header.problem_id))
    standing = [
        (Fraction(2 * rank + 1, 2 * len(members)), key, problem_id)
        for members in strata.values()
        for rank, (key, problem_id) in enumerate(sorted(members))
    ]
    return {problem_id for _, _, problem_id in sorted(standing)[:limit]}


class ProblemsDigest:
    """The digest of `DatasetRef`: over (problem_id, statement, suite) of the problems added, in order.

    Depends on content alone, not on how or where the rows were stored.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.problems = 0

    def add(self, problem: Problem) -> None:
        """Count one more problem in."""
        self.add_stored(problem, problem.suite().record_digest())

    def add_stored(self, problem: Problem, suite_digest: str) -> None:
        """The same for a problem whose suite's digest is known: large suites are serialised once."""
        line = canonical_json([problem.problem_id, problem.statement, problem.starter_code, suite_digest])
        self._hash.update(line + b"\n")
        self.problems += 1

    def hexdigest(self) -> str:
        """SHA-256 of what was added so far."""
        return self._hash.hexdigest()


def problems_digest(problems: Iterable[Problem]) -> str:
    """`ProblemsDigest` of all of them."""
    digest = ProblemsDigest()
    for problem in problems:
        digest.add(problem)
    return digest.hexdigest()


def _passes_filters(header: Selectable, selection: Selection) -> bool:
    if selection.ids and header.problem_id not in selection.ids:
        return False
    if selection.difficulties and header.difficulty not in selection.difficulties:
        return False
    if selection.platforms and header.platform not in selection.platforms:
        return False
    if selection.date_from is None and selection.date_to is None:
        return True
    day = _day(header)
    if day is None:
        return False
    return (selection.date_from is None or day >= selection.date_from) and (
        selection.date_to is None or day <= selection.date_to
    )


def _day(header: Selectable) -> date | None:
    return date.fromisoformat(header.contest_date[:10]) if header.contest_date else None


def _refuse_unknown(headers: Sequence[Selectable], selection: Selection) -> None:
    unknown = sorted(selection.ids - {header.problem_id for header in headers})
    if unknown:
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        raise DatasetError(
            f"no problem has the id {one_line(', '.join(unknown[:5]))}{more}",
            remedy=f"ids are written like {one_line(headers[0].problem_id)}" if headers else "",
        )
    platforms = {header.platform for header in headers}
    absent = sorted(selection.platforms - platforms)
    if absent:
        raise DatasetError(
            f"no problem is of platform {one_line(', '.join(absent))}",
            remedy=f"there are {', '.join(sorted(platforms))}",
        )


def _ranges(headers: Sequence[Selectable]) -> str:
    difficulties = sorted({header.difficulty.value for header in headers})
    days = sorted(day for header in headers if (day := _day(header)))
    dates = f"dates {days[0]} to {days[-1]}" if days else "no dates"
    return f"the dataset has difficulties {', '.join(difficulties)} and {dates}"
