"""Which files a release of a benchmark has. Releases are running totals: each adds a file to the one before."""

from __future__ import annotations

from farm.benchmarks.benchmark import DataFile, Download
from farm.errors import DatasetError


def files_of(name: str, source: Download, release: str | None) -> tuple[DataFile, ...]:
    """The files of a release of benchmark `name`, all by default. DatasetError for a release that is none."""
    if release is None:
        return source.files
    return source.files[: release_number(name, source, release)]


def release_number(name: str, source: Download, release: str) -> int:
    """How many files `v3` or `release_v3` has; DatasetError that lists the releases."""
    if not source.releases:
        raise DatasetError(f"{name} has no releases", remedy="leave --release out")
    short = release.removeprefix("release_")
    if short not in source.releases:
        raise DatasetError(f"unknown release {release!r}", remedy=f"the releases are {', '.join(source.releases)}")
    return source.releases.index(short) + 1
