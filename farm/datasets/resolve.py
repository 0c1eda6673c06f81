"""From what a user types behind `--dataset` to the files that hold the problems."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from farm.benchmarks.benchmark import Benchmark, Download
from farm.benchmarks.registry import benchmarks, registry
from farm.datasets.pulling.pulled import found_in, read_note
from farm.datasets.pulling.releases import Slice, slice_of
from farm.datasets.reader import dataset_of
from farm.errors import DatasetError


@dataclass(frozen=True, slots=True)
class DatasetSource:
    """Where problems are read from. `name` is for reports, `source` says it exactly."""

    name: str
    source: str
    paths: tuple[Path, ...]
    dataset: str  # the benchmark's name, or empty if it cannot be told
    release: str = ""  # such as v6 or v6-only, for a benchmark that has releases
    part: str = ""  # which problems of the benchmark that is, in words
    revision: str = ""  # of the repository that the files were pulled from


def resolve(name_or_path: str | Path, *, release: str | None = None, pulled: Path | None = None) -> DatasetSource:
    """The source that `name_or_path` means; `release` chooses in a directory, the newest complete one by default.

    `pulled` is the folder that `farm dataset pull` fills. A benchmark's name means its bundled file, or what was
    pulled; a file or directory of such a name is `./NAME`. Raises DatasetError that lists what is accepted, which
    files a release lacks, or how to get what is absent.
    """
    benchmark = benchmarks().get(str(name_or_path))
    if benchmark is not None and benchmark.bundled is not None:
        _refuse(release, benchmark.name)
        return DatasetSource(
            name=benchmark.name, source="bundled", paths=(benchmark.bundled,), dataset=benchmark.name
        )  # fmt: skip
    if benchmark is not None and benchmark.download is not None:
        return _pulled(benchmark, benchmark.download, release, pulled)
    path = Path(name_or_path).expanduser()
    if path.is_dir():
        return _directory(path, release)
    _refuse(release, str(name_or_path))
    if path.is_file():
        return _file(path)
    if benchmark is not None:
        raise DatasetError(f"{benchmark.name} is not pulled by farm", remedy="give its file: --dataset FILE")
    raise DatasetError("no such dataset", path=str(name_or_path), remedy=_accepted())


def _accepted() -> str:
    known = benchmarks().values()
    bundled = [f"{item.name!r} (bundled)" for item in known if item.bundled is not None]
    pulled = [item.name for item in known if item.download is not None]
    faults = "".join(f"; {fault}" for fault in registry().faults)
    return (
        f"give {', '.join([*bundled, *pulled])} (farm dataset pull), a JSONL file (plain or gzip), "
        f"or a directory with the files of one of these{faults}"
    )


def _refuse(release: str | None, name: str) -> None:
    if release is not None:
        raise DatasetError("--release is for benchmarks that have releases, and for a directory", path=name)


def _pulled(benchmark: Benchmark, source: Download, release: str | None, pulled: Path | None) -> DatasetSource:
    folder = pulled / benchmark.name if pulled is not None else None
    if folder is None or not _has_files(source, folder):
        where = f" (looked in {folder})" if folder is not None else ""
        raise DatasetError(
            f"{benchmark.name} is not on this machine{where}",
            remedy=f"get it: farm dataset pull {benchmark.name}; or give --dataset FILE, or --dataset sample",
        )
    return _folder(benchmark, source, folder, release)


def _directory(path: Path, release: str | None) -> DatasetSource:
    """A directory that holds a benchmark's files. Two benchmarks may name files alike: then the first row decides."""
    candidates = [
        (item, item.download) for item in benchmarks().values() if item.download and _has_files(item.download, path)
    ]
    if not candidates:
        raise DatasetError("the directory holds the files of no benchmark", path=str(path), remedy=_accepted())
    if len(candidates) > 1:
        names = " and ".join(registry().named(item.name) for item, _ in candidates)
        candidates = [(item, source) for item, source in candidates if _first_row_is_of(item, source, path)]
        if len(candidates) != 1:
            raise DatasetError(
                f"the directory has files named like those of {names}", path=str(path), remedy="give --dataset FILE"
            )
    ((benchmark, source),) = candidates
    return _folder(benchmark, source, path, release)


def _file(path: Path) -> DatasetSource:
    """A file of rows. One with the name of a benchmark's file is that slice of it."""
    dataset = dataset_of(path)
    benchmark = benchmarks().get(dataset)
    source = benchmark.download if benchmark is not None else None
    names = [file.name for file in source.files] if source is not None and source.releases else []
    part = ""
    if source is not None and (name := path.name.removesuffix(".gz")) in names:
        number = names.index(name) + 1
        part = Slice(source, number, number).in_words()
    return DatasetSource(name=_stem(path), source=str(path.absolute()), paths=(path,), dataset=dataset, part=part)


def _folder(benchmark: Benchmark, source: Download, path: Path, release: str | None) -> DatasetSource:
    name = benchmark.name
    if not source.releases:
        if release is not None:
            slice_of(name, source, release)  # refuses it
        there = [found_in(path, file.name) for file in source.files]
        return _found(path, name, name, [file for file in there if file is not None])
    chosen = slice_of(name, source, release) if release is not None else _newest(name, source, path)
    there = [found_in(path, file.name) for file in chosen.files]
    missing = [file.name for file, found in zip(chosen.files, there, strict=True) if found is None]
    if missing:
        wanted = release or chosen.name
        raise DatasetError(
            f"release {wanted} needs {', '.join(missing)}, which is not there", path=str(path),
            remedy=f"get it: farm dataset pull {name} --release {wanted}",
        )  # fmt: skip
    found = [file for file in there if file is not None]
    return replace(_found(path, chosen.full_name, name, found), release=chosen.name, part=chosen.in_words())


def _newest(name: str, source: Download, path: Path) -> Slice:
    """The newest release that is there without a gap. DatasetError if the first file is missing."""
    there = [number for number, file in enumerate(source.files, 1) if found_in(path, file.name) is not None]
    count = next((number for number in range(len(source.files) + 1) if number + 1 not in there), 0)
    if count == 0:
        slices = ", ".join(Slice(source, number, number).name for number in there)
        raise DatasetError(
            f"release {source.releases[0]} needs {source.files[0].name}, which is not there", path=str(path),
            remedy=f"take what is there: --release {slices}; or get all: farm dataset pull {name}",
        )  # fmt: skip
    return Slice(source, 1, count)


def _found(path: Path, shown: str, name: str, paths: list[Path]) -> DatasetSource:
    revision = read_note(path).revision([file.name for file in paths])
    return DatasetSource(
        name=shown, source=str(path.absolute()), paths=tuple(paths), dataset=name, revision=revision
    )  # fmt: skip


def _has_files(source: Download, folder: Path) -> bool:
    return any(found_in(folder, file.name) for file in source.files)


def _first_row_is_of(benchmark: Benchmark, source: Download, folder: Path) -> bool:
    found = (found_in(folder, file.name) for file in source.files)
    return any(dataset_of(path) == benchmark.name for path in found if path is not None)


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".jsonl") or path.name
