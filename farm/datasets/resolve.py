"""From what a user types behind `--dataset` to the files that hold the problems."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from farm.datasets.sample_set import sample_path
from farm.errors import DatasetError

SAMPLE = "sample"

# Releases of livecodebench/code_generation_lite: running totals over its files (its README).
RELEASE_FILES = ("test.jsonl", "test2.jsonl", "test3.jsonl", "test4.jsonl", "test5.jsonl", "test6.jsonl")
RELEASES = tuple(f"v{number}" for number in range(1, len(RELEASE_FILES) + 1))

_ACCEPTED = (
    f"give {SAMPLE!r} (the bundled set), a JSONL file in LiveCodeBench's schema (plain or gzip), "
    "or a directory with LiveCodeBench's test.jsonl ... test6.jsonl"
)


@dataclass(frozen=True, slots=True)
class DatasetSource:
    """Where problems are read from. `name` is for reports, `source` says it exactly."""

    name: str
    source: str
    paths: tuple[Path, ...]
    release: str = ""  # v1 ... v6, for a directory of releases


def resolve(name_or_path: str | Path, *, release: str | None = None) -> DatasetSource:
    """The source that `name_or_path` means; `release` chooses in a directory, the newest complete one by default.

    Raises DatasetError that lists what is accepted, or which files a release lacks.
    """
    path = Path(name_or_path).expanduser()
    bundled = str(name_or_path) == SAMPLE  # a file or directory of that name is ./sample
    if path.is_dir() and not bundled:
        return _directory(path, release)
    if release is not None:
        raise DatasetError("--release is for a directory of LiveCodeBench's files", path=str(name_or_path))
    if bundled:
        return DatasetSource(name=SAMPLE, source="bundled", paths=(sample_path(),))
    if path.is_file():
        return DatasetSource(name=_stem(path), source=str(path.absolute()), paths=(path,))
    raise DatasetError("no such dataset", path=str(name_or_path), remedy=_ACCEPTED)


def _directory(path: Path, release: str | None) -> DatasetSource:
    there = [_file(path, name) for name in RELEASE_FILES]
    if not any(there):
        raise DatasetError("the directory holds none of LiveCodeBench's files", path=str(path), remedy=_ACCEPTED)
    count = _release_number(release) if release is not None else _complete(there)
    missing = [name for name, file in zip(RELEASE_FILES[:count], there, strict=False) if file is None]
    if missing or count == 0:
        wanted = release or RELEASES[0]
        raise DatasetError(
            f"release {wanted} needs {', '.join(missing or RELEASE_FILES[:1])}, which is not there", path=str(path)
        )
    files = tuple(file for file in there[:count] if file is not None)
    chosen = RELEASES[count - 1]
    return DatasetSource(name=f"release_{chosen}", source=str(path.absolute()), paths=files, release=chosen)


def _file(directory: Path, name: str) -> Path | None:
    return next((path for path in (directory / name, directory / f"{name}.gz") if path.is_file()), None)


def _complete(there: list[Path | None]) -> int:
    return there.index(None) if None in there else len(there)


def _release_number(release: str) -> int:
    name = release.removeprefix("release_")
    if name not in RELEASES:
        raise DatasetError(f"unknown release {release!r}", remedy=f"the releases are {', '.join(RELEASES)}")
    return RELEASES.index(name) + 1


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".jsonl") or path.name
