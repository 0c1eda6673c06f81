"""Lines of JSON from a file that may be large, compressed or damaged.

Problems and completions both arrive as JSONL, plain or gzipped; this is the one place that opens such
files. It holds one row in memory at a time and refuses rows beyond a cap, so a hostile or broken file
costs a message and not the machine's memory.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path
from typing import NamedTuple

from farm.errors import DatasetError
from farm.text import json_type, load_json, one_line

# LiveCodeBench's 1 055 rows take 4.5 GB, 4 MB on average; a row is three times in memory while it is parsed.
MAX_ROW_BYTES = 128 << 20

_GZIP_MAGIC = b"\x1f\x8b"
_UTF8_BOM = b"\xef\xbb\xbf"
_SKIP_BYTES = 1 << 20

# What lies where a data file should, in the order of how often it does. Each is followed by what to do.
_POINTER = b"version https://git-lfs.github.com/spec/"
_PAGES = (b"<!doctype", b"<html", b"<?xml")
_BINARY = {b"PAR1": "a parquet file", b"PK\x03\x04": "a zip archive", b"\x28\xb5\x2f\xfd": "zstd data"}


class Line(NamedTuple):
    """One line that is not blank. `data` is None if it is longer than the cap: its bytes were dropped."""

    row: int  # line number in the file, from 1
    data: bytes | None


def read_lines(path: str | Path, *, max_row_bytes: int = MAX_ROW_BYTES) -> Iterator[Line]:
    """The non-blank lines of a plain or gzipped file (told apart by its first bytes), without a BOM.

    Raises DatasetError when the file cannot be opened or read to its end, such as a cut gzip file, and
    when it is plainly something else, such as a git-LFS pointer.
    """
    row = 0
    try:
        with open_plain(path) as stream:
            while chunk := stream.readline(max_row_bytes + 1):
                row += 1
                if row == 1:
                    chunk = chunk.removeprefix(_UTF8_BOM)
                    refuse_foreign(chunk, path)
                if len(chunk) > max_row_bytes and not chunk.endswith(b"\n"):
                    _skip_line(stream)
                    yield Line(row, None)
                elif chunk and not chunk.isspace():
                    # A row may take 100 MB: from here on the caller alone decides how long it lives.
                    handed = [chunk]
                    del chunk
                    yield Line(row, handed.pop())
    except gzip.BadGzipFile as exc:
        raise DatasetError(
            f"the gzip data is damaged after this row: {one_line(str(exc))}",
            path=str(path), row=row, remedy="fetch the file again",
        ) from exc  # fmt: skip
    except OSError as exc:
        raise DatasetError(f"cannot read: {exc.strerror or exc}", path=str(path)) from exc


@contextmanager
def open_plain(path: str | Path) -> Iterator[BufferedIOBase]:
    """The file's bytes, decompressed if it is gzip. OSError as from `open`, and for damaged gzip. Reads a pipe too."""
    with Path(path).open("rb") as raw:
        if raw.peek(len(_GZIP_MAGIC))[: len(_GZIP_MAGIC)] == _GZIP_MAGIC:
            with gzip.GzipFile(fileobj=raw) as stream:
                try:
                    yield stream
                except (EOFError, zlib.error) as exc:
                    raise gzip.BadGzipFile(str(exc)) from exc
        else:
            yield raw


def refuse_foreign(head: bytes, path: str | Path) -> None:
    """DatasetError if a file that begins so is a git-LFS pointer, an error page or a known binary format."""
    if head.startswith(_POINTER):
        raise DatasetError(
            "a git-LFS pointer, not the file that it stands for", path=str(path),
            remedy="fetch the file: git lfs pull, or farm dataset pull",
        )  # fmt: skip
    if head.lstrip()[:16].lower().startswith(_PAGES):
        raise DatasetError(
            "an HTML or XML page, not JSONL: some server's answer was saved as the file", path=str(path),
            remedy="fetch the file again",
        )  # fmt: skip
    for magic, what in _BINARY.items():
        if head.startswith(magic):
            raise DatasetError(f"{what}, not JSONL (plain or gzip)", path=str(path), remedy="convert it to JSONL")


def parse_object(line: Line, path: str | Path) -> dict[str, object]:
    """The JSON object of one line; DatasetError that names path and row if it holds none."""
    where = str(path)
    if line.data is None:
        raise DatasetError("the row is larger than the row size cap", path=where, row=line.row)
    try:
        value = load_json(line.data.decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise DatasetError(f"not UTF-8: {exc.reason} at byte {exc.start}", path=where, row=line.row) from exc
    except (ValueError, RecursionError) as exc:
        raise DatasetError(f"not JSON: {one_line(str(exc))}", path=where, row=line.row) from exc
    if not isinstance(value, dict):
        raise DatasetError(f"a JSON object is wanted, not {json_type(value)}", path=where, row=line.row)
    return value


def _skip_line(stream: BufferedIOBase) -> None:
    while (chunk := stream.readline(_SKIP_BYTES)) and not chunk.endswith(b"\n"):
        pass
