"""How the zygotes of one sandbox are made: the tier, the interpreter and what it loads ahead.

A runtime is an interpreter and a list of packages. numpy is loaded when the interpreter of this process
has it; a benchmark whose programs need more names them.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from farm.errors import ConfigError

Tier = Literal["ns", "uid", "landlock", "none"]
TIERS: tuple[Tier, ...] = get_args(Tier)
# Ids that no account uses: above systemd's container range (to 1 879 048 191), plus the zygote's pid
_UID_BASE, _UID_SPAN = 2_000_000_000, 1 << 22
_SMALL_UID_BASE, _SMALL_UID_SPAN = 40_000, 20_000  # in a user namespace of 65 536 ids


@dataclass(frozen=True, slots=True)
class Plan:
    """One tier on one interpreter. `packages`: directories that programs may read besides the library."""

    tier: Tier
    python: str
    preload: tuple[str, ...]  # "directory:package"
    packages: tuple[str, ...]
    zygote_uid: int | None = None  # start the zygote as this user (tier landlock, asked for by root)


def make(tier: Tier, python: str | None = None, preload: tuple[str, ...] | None = None) -> Plan:
    """The plan for a tier. `preload` None: numpy, where this interpreter has it.

    Raises ConfigError for a package that this interpreter does not have.
    """
    interpreter = python or sys.executable
    same = Path(interpreter).resolve() == Path(sys.executable).resolve()
    names = preload if preload is not None else (("numpy",) if same and _location("numpy") else ())
    entries, packages = [], []
    for name in names:
        location = _location(name)
        if location is None:
            raise ConfigError(f"cannot preload {name}: not installed", remedy=f"install it beside farm: {interpreter}")
        entries.append(f"{location.parent}:{name}")
        packages.append(str(location))
        bundled = location.parent / f"{name}.libs"  # where wheels put their shared libraries
        if bundled.is_dir():
            packages.append(str(bundled))
    own = 65534 if tier == "landlock" and os.geteuid() == 0 else None
    return Plan(tier, interpreter, tuple(entries), tuple(packages), own)


def _location(name: str) -> Path | None:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent


def uid_range() -> tuple[int, int]:
    """(first, count) of the uids that children may get in this user namespace."""
    try:
        lines = Path("/proc/self/uid_map").read_text().splitlines()
    except OSError:
        lines = []
    top = max((int(first) + int(count) for first, _, count in (line.split() for line in lines)), default=0)
    if top >= _UID_BASE + _UID_SPAN:
        return _UID_BASE, _UID_SPAN
    if top >= _SMALL_UID_BASE + _SMALL_UID_SPAN:
        return _SMALL_UID_BASE, _SMALL_UID_SPAN
    return 65534, 1
