"""Inspect's logs: `.eval`, a zip whose members are compressed with zstd, and JSON.

Python reads such members itself only from 3.14 on, so their bytes are found by the archive's directory and
decompressed here.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zstandard

from farm.datasets.answers.documents import content_text, load_whole
from farm.datasets.completions import MAX_COMPLETION_BYTES, CompletionRow, id_text
from farm.errors import DatasetError
from farm.scoring.extract import GIVEN_AS_CODE, unfenced
from farm.text import load_json, one_line

ZSTD = 93  # the method's number in a zip
_HEADER = 30  # bytes of a member's local header, before its name and extra field
_SAMPLES = "samples/"
_CORRECT = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}


def is_log(value: object) -> bool:
    """Whether this is Inspect's JSON log."""
    return isinstance(value, dict) and isinstance(value.get("eval"), dict) and "samples" in value and "version" in value


def read_log(path: Path) -> Iterator[CompletionRow]:
    """The samples of a JSON log: the last answer of each."""
    return _rows(enumerate(_samples(path), 1), path)


def own_scores(path: Path) -> dict[str, float]:
    """What the log's first scorer says of each problem."""
    return _scores(enumerate(_samples(path), 1))


def _samples(path: Path) -> list[Any]:
    found = load_whole(path)["samples"]
    return found if isinstance(found, list) else []


def read_archive(path: Path) -> Iterator[CompletionRow]:
    """The samples of an `.eval` log."""
    return _rows(_members(path), path)


def archive_scores(path: Path) -> dict[str, float]:
    """As `own_scores`."""
    return _scores(_members(path))


def _rows(samples: Iterator[tuple[int, Any]] | enumerate[Any], path: Path) -> Iterator[CompletionRow]:
    empty = True
    for number, sample in samples:
        name, text = id_text(sample.get("id")) if isinstance(sample, dict) else "", _answer(sample)
        epoch = sample.get("epoch") if isinstance(sample, dict) else None
        if not name or text is None or not isinstance(epoch, int) or epoch < 1:
            raise DatasetError("a sample of Inspect is wanted: id, epoch and output", path=str(path), row=number)
        empty = False
        metadata = sample.get("metadata")
        as_code = isinstance(metadata, dict) and metadata.get(GIVEN_AS_CODE) is True
        output, code = (None, unfenced(text)) if as_code else (text, None)
        yield CompletionRow(name, epoch - 1, output, code, number)
    if empty:
        raise DatasetError("the log holds no sample", path=str(path))


def _answer(sample: Any) -> str | None:
    """The model's answer; empty for a sample that ended without one."""
    output = sample.get("output") if isinstance(sample, dict) else None
    if not isinstance(output, dict):
        return None
    choices = output.get("choices")
    if not isinstance(choices, list) or not choices:
        return ""
    message = choices[0].get("message") if isinstance(choices[0], dict) else None
    return content_text(message.get("content")) if isinstance(message, dict) else None


def _scores(samples: Iterator[tuple[int, Any]] | enumerate[Any]) -> dict[str, float]:
    found: dict[str, list[float]] = defaultdict(list)
    for _, sample in samples:
        scores = sample.get("scores") if isinstance(sample, dict) else None
        first = next(iter(scores.values()), None) if isinstance(scores, dict) else None
        value = first.get("value") if isinstance(first, dict) else None
        number = _CORRECT.get(value) if isinstance(value, str) else value
        if isinstance(number, int | float):
            found[id_text(sample.get("id"))].append(float(number))
    return {name: sum(numbers) / len(numbers) for name, numbers in found.items()}


def _members(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            names = [info for info in archive.infolist() if info.filename.startswith(_SAMPLES)]
            if not names:
                raise DatasetError(
                    "a zip archive without the samples of Inspect", path=str(path),
                    remedy="unpack it, and give a file of answers",
                )  # fmt: skip
            for number, info in enumerate(names, 1):
                yield number, load_json(_content(archive, file, info))
    except (zipfile.BadZipFile, zstandard.ZstdError, zlib.error, OSError, EOFError) as exc:
        raise DatasetError(f"the archive is damaged: {one_line(str(exc))}", path=str(path)) from exc
    except (ValueError, RecursionError) as exc:
        raise DatasetError(f"a sample is no JSON: {one_line(str(exc))}", path=str(path)) from exc
    except RuntimeError as exc:  # of zipfile: a password, a method that it does not know
        raise DatasetError(f"the archive cannot be read: {one_line(str(exc))}", path=str(path)) from exc


def _content(archive: zipfile.ZipFile, file: io.BufferedReader, info: zipfile.ZipInfo) -> bytes:
    """A member's bytes. ValueError for one that is larger than an answer may be."""
    if info.file_size > MAX_COMPLETION_BYTES:
        raise ValueError(f"{one_line(info.filename)} is larger than the size cap")
    if info.compress_type != ZSTD:
        return archive.read(info)
    file.seek(info.header_offset)
    header = file.read(_HEADER)
    if len(header) < _HEADER or header[:4] != b"PK\x03\x04":
        raise zipfile.BadZipFile("a member's header is missing")
    file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), io.SEEK_CUR)
    packed = io.BytesIO(file.read(info.compress_size))
    with zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as stream:
        found = stream.read(info.file_size + 1)
    if len(found) != info.file_size:
        raise zipfile.BadZipFile("a member has another size than the archive says")
    return found
