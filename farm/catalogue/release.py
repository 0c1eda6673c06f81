"""Which release of tt-inference-server a model catalogue is of, and how old it is.

A newer `release_model_spec.json` than the built-in table may lie on this host: in the Python package `tenstorrent`
(Tenstorrent's `tt` carries the catalogue of the release that it starts) or in a checkout of tt-inference-server.
"""

from __future__ import annotations

import gzip
import importlib.util
import re
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

FILE_NAME = "release_model_spec.json"
_HEAD_BYTES = 4096
_VERSION = re.compile(rb'"release_version"\s*:\s*"v?(\d+(?:\.\d+)*)"')
_AS_OF = re.compile(rb'"as_of"\s*:\s*"(\d{4}-\d\d-\d\d)"')


@dataclass(frozen=True)
class Release:
    """A release by its number; empty where the file states none (up to 0.10). `as_of`: when its data was current.

    Without `stated` the file says nothing of that, and `as_of` is the day when the file was written on this host.
    """

    version: str = ""
    as_of: date | None = None
    stated: bool = False

    @property
    def number(self) -> tuple[int, ...]:
        """For comparisons: the larger one is the later release."""
        return tuple(int(part) for part in self.version.split(".") if part)

    def age_days(self) -> int | None:
        """Days from `as_of` to today (UTC)."""
        return None if self.as_of is None else max(0, (datetime.now(UTC).date() - self.as_of).days)

    @property
    def shown(self) -> str:
        """For example: `release 0.25.0 of 2026-10-14, 47 days old`."""
        name = f"release {self.version or 'unknown'}"
        if self.as_of is None:
            return name
        return f"{name}{' of' if self.stated else ', file of'} {self.as_of}, {self.age_days()} days old"


def read_release(path: Path) -> Release:
    """The release of a catalogue file, from its first lines; without a date in it the file's own date counts."""
    try:
        with path.open("rb") as file:
            compressed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if compressed else path.open("rb") as source:
            head = source.read(_HEAD_BYTES)
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    except (OSError, EOFError, zlib.error):
        return Release()
    version, as_of = _VERSION.search(head), _AS_OF.search(head)
    stated = _day(as_of.group(1).decode()) if as_of else None
    return Release(version.group(1).decode() if version else "", stated or changed, stated=stated is not None)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:  # 2026-02-31
        return None


def installed_catalogues() -> tuple[Path, ...]:
    """The catalogue files of this host: of packages `tenstorrent`, and of the checkout around the current folder."""
    return tuple(dict.fromkeys(path for path in _places() if path.is_file()))


def _places() -> Iterator[Path]:
    package = importlib.util.find_spec("tenstorrent")  # looked up, not imported
    for packages in package.submodule_search_locations or () if package else ():
        yield Path(packages) / "modelhub" / FILE_NAME
    tt = shutil.which("tt")
    if tt is not None:  # `tt` of another environment: pipx, uv tool
        for site in sorted(Path(tt).resolve().parents[1].glob("lib/python3*/site-packages")):
            yield site / "tenstorrent" / "modelhub" / FILE_NAME
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "run.py").is_file() and (folder / "VERSION").is_file():
            yield folder / FILE_NAME
    yield here / "tt-inference-server" / FILE_NAME
    yield Path.home() / "tt-inference-server" / FILE_NAME


def newest(paths: tuple[Path, ...], than: Release) -> Path | None:
    """The file of the latest release that is later than `than`; None if there is none."""
    later = [path for path in paths if read_release(path).number > than.number]
    return max(later, key=lambda path: read_release(path).number, default=None)
