"""Getting a benchmark's dataset: from its server, from a folder, or through the `datasets` library.

Whatever the way, the dataset's loading script is never run, each file appears whole or not at all, and
the folder's note (`farm.datasets.pulling.pulled`) says where it came from.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from farm.benchmarks.benchmark import DataFile, Download
from farm.datasets.jsonl import refuse_foreign
from farm.datasets.pulling.download import download, move_in, part_of
from farm.datasets.pulling.hub import Remote, connected
from farm.datasets.pulling.pulled import Pulled, PulledFile, cannot_write, found_in, locked, read_note, write_note
from farm.errors import ConfigError, DatasetError
from farm.text import one_line

_COPY_BYTES = 1 << 20
_SPARE_BYTES = 64 << 20  # left free on the disk


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pull is: bytes of all files. `total` is None if the source does not say."""

    file: str
    done: int
    total: int | None
    fresh: int  # of `done`, transferred since the last call


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pull did: names of files fetched and of those that were there, and what the user should know."""

    fetched: tuple[str, ...]
    kept: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()


OnProgress = Callable[[Progress], None]


def pull_http(
    source: Download,
    folder: Path,
    files: tuple[DataFile, ...],
    *,
    endpoint: str,
    token: str | None,
    revision: str | None,
    on_progress: OnProgress,
) -> Outcome:
    """Fetch `files` into `folder`; those that are there with the content that the server names stay.

    All come from one commit where the server names commits. Raises DatasetError; what was fetched
    before it stays, and the same call goes on from there.
    """
    wanted = revision or source.revision
    with locked(folder), connected(token if source.repo else None) as hub:
        remotes: dict[DataFile, Remote] = {}
        for file in files:
            remotes[file] = hub.inspect(source.url_of(file, endpoint, wanted))
            wanted = remotes[file].commit or wanted  # a push to the branch during the pull must not mix two commits
        note = read_note(folder)
        todo = {file: remote for file, remote in remotes.items() if not _is_there(folder, file.name, remote, note)}
        total = _total(remote.size for remote in todo.values())
        _refuse_without_room(folder, todo)
        done, cautions = 0, []
        for file, remote in todo.items():

            def report(there: int, fresh: int, name: str = file.name, before: int = done) -> None:
                on_progress(Progress(name, before + there, total, fresh))

            size, digest = download(hub, remote, folder / file.name, report)
            done += size
            entry = PulledFile(size=size, sha256=digest, source=remote.url, revision=remote.commit or wanted)
            note = _noted(folder, note, file.name, entry)
            cautions += _caution(file, digest) if revision is None else []
    kept = tuple(file.name for file in files if file not in todo)
    return Outcome(tuple(file.name for file in todo), kept, tuple(cautions))


def pull_folder(folder: Path, files: tuple[DataFile, ...], origin: Path, *, on_progress: OnProgress) -> Outcome:
    """Copy `files` (plain or with .gz) from `origin` into `folder`. DatasetError names what is missing or no data."""
    sources = {file: found_in(origin, file.name) for file in files}
    missing = [file.name for file, path in sources.items() if path is None]
    if missing:
        raise DatasetError(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not there", path=str(origin),
            remedy="name the folder that holds the files; --release asks for fewer of them",
        )  # fmt: skip
    paths = {file: path for file, path in sources.items() if path is not None}
    with locked(folder):
        note, done, cautions = read_note(folder), 0, []
        total = _total(path.stat().st_size for path in paths.values())
        for file, path in paths.items():
            target = folder / path.name
            if target.exists() and target.samefile(path):
                raise DatasetError("this is the folder that files are copied into", path=str(origin))

            def report(there: int, fresh: int, name: str = path.name, before: int = done) -> None:
                on_progress(Progress(name, before + there, total, fresh))

            size, digest = _store(target, _chunks(path), str(path), report)
            done += size
            entry = PulledFile(size=size, sha256=digest, source=str(path.absolute()), via="folder")
            note = _noted(folder, note, path.name, entry)
            cautions += _caution(file, digest) if path.name == file.name else []
    return Outcome(tuple(path.name for path in paths.values()), cautions=tuple(cautions))


def pull_library(
    source: Download,
    folder: Path,
    files: tuple[DataFile, ...],
    *,
    token: str | None,
    revision: str | None,
    on_progress: OnProgress,
) -> Outcome:
    """Read the same plain files through Hugging Face's `datasets` and write its rows as JSONL.

    For those whose way to the hub is that library: it has its own proxies, mirrors and HF_ENDPOINT. Its
    generic JSON reader is named, so a loading script is not even looked at. ConfigError where the
    library is not installed.
    """
    if not source.repo:
        raise DatasetError("the file is not on the Hugging Face hub", path=source.url, remedy="leave --via out")
    try:
        import datasets
    except ImportError as exc:
        raise ConfigError(
            "--via datasets: the library is not installed", remedy="pip install 'farm-eval[datasets]'"
        ) from exc
    wanted = revision or source.revision
    # Without a schema its reader takes dates for timestamps and metadata for objects
    features = datasets.Features({name: datasets.Value("string") for name in source.columns})
    with locked(folder):
        note, done = read_note(folder), 0
        for file in files:
            url = f"hf://datasets/{source.repo}@{wanted}/{file.name}"

            def report(there: int, fresh: int, name: str = file.name, before: int = done) -> None:
                on_progress(Progress(name, before + there, None, fresh))

            try:
                rows = datasets.load_dataset(
                    "json", data_files=[url], split="train", streaming=True, features=features, token=token
                )
                size, digest = _store(folder / file.name, _lines(rows), url, report)
            except DatasetError:
                raise
            except Exception as exc:  # whatever the library and its many parts raise
                raise DatasetError(
                    f"the datasets library failed: {one_line(str(exc)) or type(exc).__name__}", path=url,
                    remedy="leave --via out to fetch the plain file",
                ) from exc  # fmt: skip
            done += size
            entry = PulledFile(size=size, sha256=digest, source=url, revision=wanted, via="datasets")
            note = _noted(folder, note, file.name, entry)
    return Outcome(tuple(file.name for file in files))


# --- parts of a pull ----------------------------------------------------------------------------


def _is_there(folder: Path, name: str, remote: Remote, note: Pulled) -> bool:
    entry = note.files.get(name)
    if entry is None or not remote.sha256 or entry.sha256 != remote.sha256:
        return False
    path = folder / name
    return path.is_file() and path.stat().st_size == entry.size


def _total(sizes: Iterable[int | None]) -> int | None:
    total = 0
    for size in sizes:
        if size is None:
            return None
        total += size
    return total


def _refuse_without_room(folder: Path, todo: dict[DataFile, Remote]) -> None:
    missing = 0
    for file, remote in todo.items():
        with suppress(FileNotFoundError):
            missing -= part_of(folder / file.name, remote).stat().st_size
        missing += remote.size or 0
    free = shutil.disk_usage(folder).free
    if missing + _SPARE_BYTES > free:
        raise DatasetError(
            f"the disk has {free >> 20} MiB free, {(missing + _SPARE_BYTES) >> 20} MiB are needed", path=str(folder),
            remedy="make room, name another FARM_HOME, or pull less with --release",
        )  # fmt: skip


def _noted(folder: Path, note: Pulled, name: str, entry: PulledFile) -> Pulled:
    """The note with `entry`, on disk. The same content in its other form, plain or gzipped, is removed."""
    other = name.removesuffix(".gz") if name.endswith(".gz") else f"{name}.gz"
    note = Pulled(files={**{key: file for key, file in note.files.items() if key != other}, name: entry})
    try:
        (folder / other).unlink(missing_ok=True)
        write_note(folder, note)
    except OSError as exc:
        raise cannot_write(folder, exc) from exc
    return note


def _caution(file: DataFile, digest: str) -> list[str]:
    if not file.sha256 or digest == file.sha256:
        return []
    return [f"{file.name} is not the copy that farm was tested with (SHA-256 {file.sha256[:12]}...)"]


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(_COPY_BYTES):
                yield chunk
    except OSError as exc:
        raise DatasetError(f"cannot read: {exc.strerror or exc}", path=str(path)) from exc


def _lines(rows: Iterable[dict[str, object]]) -> Iterator[bytes]:
    for row in rows:
        yield json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


def _store(target: Path, chunks: Iterator[bytes], origin: str, on_bytes: Callable[[int, int], None]) -> tuple[int, str]:
    """Writes chunks to `target`, whole or not at all; size and SHA-256."""
    hasher, size = hashlib.sha256(), 0
    part = target.with_name(f".{target.name}.copy.part")
    try:
        with part.open("wb") as file:
            for chunk in chunks:
                if size == 0:
                    refuse_foreign(chunk[:512], origin)
                file.write(chunk)
                hasher.update(chunk)
                size += len(chunk)
                on_bytes(size, len(chunk))
            file.flush()
            os.fsync(file.fileno())
        if size == 0:
            raise DatasetError("the file is empty", path=origin)
        move_in(part, target)
    except OSError as exc:
        raise cannot_write(target, exc) from exc
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return size, hasher.hexdigest()
