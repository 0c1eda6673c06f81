"""Which files of a benchmark `--release` names, and how that is called.

"LiveCodeBench v6" means three things to those who report scores on it: the six files together (1,055 problems,
`release_v6`), the file that version 6 added (175, what LiveCodeBench's own loader calls `v6`), and a window of contest
dates (the leaderboard's). So a run records which one it measured, in words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from farm.benchmarks.benchmark import DataFile, Download
from farm.errors import DatasetError
from farm.text import one_line

LATEST = "latest"

# LiveCodeBench's leaderboard at its last update: contest dates of this window, out of release_v6
LEADERBOARD = (date(2024, 8, 1), date(2025, 5, 31))


@dataclass(frozen=True, slots=True)
class Slice:
    """The files `first` to `last` of a benchmark, counted from 1. A release is a slice that begins with the first."""

    source: Download
    first: int
    last: int

    @property
    def files(self) -> tuple[DataFile, ...]:
        return self.source.files[self.first - 1 : self.last]

    @property
    def name(self) -> str:
        """`v6` for a release, `v6-only` for the file that it added, `v4_v6` for what several added."""
        names = self.source.releases
        if self.first == 1:
            return names[self.last - 1]
        if self.first == self.last:
            return f"{names[self.last - 1]}-only"
        return f"{names[self.first - 1]}_{names[self.last - 1]}"

    @property
    def full_name(self) -> str:
        """The name that a report has: `release_v6` where that is a release."""
        return f"release_{self.name}" if self.first == 1 else self.name

    def in_words(self) -> str:
        """Which problems these are, with their number in the usual revision."""
        rows, names = sum(file.rows for file in self.files), self.source.releases
        if self.first == 1:
            through = f"all that {names[0]} to {names[self.last - 1]} added" if self.last > 1 else "the first file"
            return f"{self.full_name}: {through}, {rows} problems"
        if self.first == self.last:
            added = names[self.last - 1]
            return f"{self.name}: the {rows} problems that {added} added ({self.files[0].name}), not release_{added}"
        return f"{self.name}: the {rows} problems that {names[self.first - 1]} to {names[self.last - 1]} added"


def is_all_of(part: str, release: str) -> bool:
    """Whether `part`, which problems a run measured in words, is all of a release: no slice, and no window."""
    return part.startswith(f"release_{release}: ") and ";" not in part


def files_of(name: str, source: Download, release: str | None) -> tuple[DataFile, ...]:
    """The files of a release or slice of benchmark `name`, all by default. DatasetError for a name that is none."""
    return source.files if release is None else slice_of(name, source, release).files


def slice_of(name: str, source: Download, release: str) -> Slice:
    """What `release_v3`, `v3`, `latest`, `v3-only` or `v2_v4` names; DatasetError that lists what there is."""
    if not source.releases:
        raise DatasetError(f"{name} has no releases", remedy="leave --release out")
    numbers = {known: number for number, known in enumerate(source.releases, 1)} | {LATEST: len(source.releases)}
    total, alone = release.removeprefix("release_"), release.removesuffix("-only")
    if total in numbers:
        return Slice(source, 1, numbers[total])
    if alone in source.releases:
        return Slice(source, numbers[alone], numbers[alone])
    parts = re.fullmatch(r"([^_]+)_([^_]+)", release)
    if parts is not None and parts[1] in source.releases and parts[2] in source.releases:
        if numbers[parts[1]] <= numbers[parts[2]]:
            return Slice(source, numbers[parts[1]], numbers[parts[2]])
        raise DatasetError(f"--release {release} ends before it begins", remedy=f"give {parts[2]}_{parts[1]}")
    last = source.releases[-1]
    raise DatasetError(
        f"unknown release {one_line(release, 60)!r}",
        remedy=f"the releases are {', '.join(source.releases)}; {last}-only is what {last} added, "
        f"{source.releases[0]}_{last} what several added",
    )


def window_in_words(date_from: date | None, date_to: date | None) -> str:
    """A window of contest dates, by its name if it has one; empty without one."""
    if date_from is None and date_to is None:
        return ""
    named = " (that of LiveCodeBench's leaderboard)" if (date_from, date_to) == LEADERBOARD else ""
    return f"contest dates {date_from or 'of any time'} to {date_to or 'the last'}{named}"
