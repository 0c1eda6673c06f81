"""From what a user types behind `--dataset` to the files that hold the problems."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from farm.datasets.formats import dataset_of
from farm.datasets.known import KNOWN, RELEASE_FILES, RELEASES, Known, release_number
from farm.datasets.pulled import found_in, read_note
from farm.datasets.sample_set import sample_path
from farm.errors import DatasetError

SAMPLE = "sample"

_ACCEPTED = (
    f"give {SAMPLE!r} (the bundled set), {', '.join(KNOWN)} (farm dataset pull), a JSONL file (plain or gzip), "
    "or a directory with LiveCodeBench's test.jsonl ... test6.jsonl"
)


@dataclass(frozen=True, slots=True)
class DatasetSource:
    """Where problems are read from. `name` is for reports, `source` says it exactly."""

    name: str
    source: str
    paths: tuple[Path, ...]
    dataset: str  # the benchmark: sample, a name of `known.KNOWN`, or empty if it cannot be told
    release: str = ""  # v1 ... v6, for a directory of releases
    revision: str = ""  # of the repository that the files were pulled from


def resolve(name_or_path: str | Path, *, release: str | None = None, pulled: Path | None = None) -> DatasetSource:
    """The source that `name_or_path` means; `release` chooses in a directory, the newest complete one by default.

    `pulled` is the folder that `farm dataset pull` fills. A name that farm knows means what is there; a
    file or directory of such a name is `./NAME`. Raises DatasetError that lists what is accepted, which
    files a release lacks, or how to get what is absent.
    """
    if str(name_or_path) in KNOWN:
        return _known(KNOWN[str(name_or_path)], release, pulled)
    path = Path(name_or_path).expanduser()
    bundled = str(name_or_path) == SAMPLE
    if path.is_dir() and not bundled:
        return _directory(path, release)
    if release is not None:
        raise DatasetError("--release is for a directory of LiveCodeBench's files", path=str(name_or_path))
    if bundled:
        return DatasetSource(name=SAMPLE, source="bundled", paths=(sample_path(),), dataset=SAMPLE)
    if path.is_file():
        return DatasetSource(name=_stem(path), source=str(path.absolute()), paths=(path,), dataset=dataset_of(path))
    raise DatasetError("no such dataset", path=str(name_or_path), remedy=_ACCEPTED)


def _known(known: Known, release: str | None, pulled: Path | None) -> DatasetSource:
    folder = pulled / known.name if pulled is not None else None
    if folder is None or not any(found_in(folder, file.name) for file in known.files):
        where = f" (looked in {folder})" if folder is not None else ""
        raise DatasetError(
            f"{known.name} is not on this machine{where}",
            remedy=f"get it: farm dataset pull {known.name}; or give --dataset FILE, or --dataset sample",
        )
    if known.released:
        return _directory(folder, release)
    known.of_release(release)  # refuses one
    paths = tuple(path for file in known.files if (path := found_in(folder, file.name)) is not None)
    return DatasetSource(
        name=known.name, source=str(folder.absolute()), paths=paths, dataset=known.name,
        revision=read_note(folder).revision([path.name for path in paths]),
    )  # fmt: skip


def _directory(path: Path, release: str | None) -> DatasetSource:
    there = [found_in(path, name) for name in RELEASE_FILES]
    if not any(there):
        raise DatasetError("the directory holds none of LiveCodeBench's files", path=str(path), remedy=_ACCEPTED)
    count = release_number(release) if release is not None else _complete(there)
    missing = [name for name, file in zip(RELEASE_FILES[:count], there, strict=False) if file is None]
    if missing or count == 0:
        wanted = release or RELEASES[0]
        raise DatasetError(
            f"release {wanted} needs {', '.join(missing or RELEASE_FILES[:1])}, which is not there", path=str(path),
            remedy=f"get it: farm dataset pull livecodebench --release {wanted}",
        )  # fmt: skip
    files = tuple(file for file in there[:count] if file is not None)
    chosen = RELEASES[count - 1]
    return DatasetSource(
        name=f"release_{chosen}", source=str(path.absolute()), paths=files, dataset="livecodebench", release=chosen,
        revision=read_note(path).revision([file.name for file in files]),
    )  # fmt: skip


def _complete(there: list[Path | None]) -> int:
    return there.index(None) if None in there else len(there)


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".jsonl") or path.name
