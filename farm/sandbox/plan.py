"""How the zygotes of one sandbox are made: the tier, the interpreter and what it loads ahead.

A runtime is an interpreter and a list of packages. numpy is loaded where the interpreter has it; a benchmark
whose programs need more names them.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from farm.errors import ConfigError, SandboxUnavailable

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


def candidates(tier: str) -> tuple[Tier, ...]:
    """The tiers to try for `tier`, in order. ConfigError if there is no such tier.

    `auto` as root does not try `landlock`: the children of root must change their uid.
    """
    if tier == "auto":
        return ("ns", "uid") if os.geteuid() == 0 else ("ns", "landlock")
    found = tuple(known for known in TIERS if known == tier)
    if not found:
        raise ConfigError(f"unknown sandbox tier {tier!r}", remedy=f"use auto, {', '.join(TIERS)}")
    return found


def make(tier: Tier, python: str | None = None, preload: tuple[str, ...] | None = None) -> Plan:
    """The plan for a tier. `preload` None: numpy, where the interpreter has it.

    Raises ConfigError for a package that the interpreter does not have, SandboxUnavailable for an interpreter
    that does not start.
    """
    interpreter = python or sys.executable
    # The path as given: a virtual environment's Python is a link to its base, but has other packages
    same = Path(interpreter).absolute() == Path(sys.executable).absolute()
    names = preload if preload is not None else ("numpy",)
    entries, packages = [], []
    for name in names:
        place = _location(name, None if same else interpreter)
        if place is None and preload is None:
            continue
        if place is None:
            raise ConfigError(f"cannot preload {name}: not installed", remedy=f"install it for {interpreter}")
        directory, folder = place
        entries.append(f"{directory}:{name}")
        if folder:
            packages.append(folder)
        bundled = Path(directory) / f"{name}.libs"  # where wheels put their shared libraries
        if bundled.is_dir():
            packages.append(str(bundled))
    own = 65534 if tier == "landlock" and os.geteuid() == 0 else None
    return Plan(tier, interpreter, tuple(entries), tuple(packages), own)


_FIND = (
    "import importlib.util, json, sys; found = importlib.util.find_spec(sys.argv[1]); "
    "print(json.dumps(found and [found.origin, list(found.submodule_search_locations or ())]))"
)


def _location(name: str, interpreter: str | None) -> tuple[str, str] | None:
    """(directory to import a package from, its folder or '') in an interpreter, None being this one."""
    if interpreter is None:
        spec = importlib.util.find_spec(name)
        found = spec and (spec.origin, list(spec.submodule_search_locations or ()))
    else:
        try:
            ran = subprocess.run(
                [interpreter, "-I", "-c", _FIND, name], capture_output=True, check=True, text=True, timeout=60
            )
        except (OSError, subprocess.SubprocessError) as exc:
            raise SandboxUnavailable(f"{interpreter} does not say where {name} is: {exc}") from exc
        found = json.loads(ran.stdout)
    origin, folders = found or (None, [])
    if origin is None:
        return None
    # A module of one file is loaded ahead whole; of a package, parts may be imported later
    return (str(Path(folders[0]).parent), folders[0]) if folders else (str(Path(origin).parent), "")


def uid_offset(span: int) -> int:
    """Where in a range of so many uids the children of this host's pid namespace begin.

    A child's uid is this and its zygote's pid. Containers of one host have their own pids but share the kernel's
    count of tasks for each uid, so two with one uid would take each other's threads.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        namespace = Path("/proc/self/ns/pid").readlink()
    except OSError:
        return 0
    return int.from_bytes(hashlib.sha256(f"{boot}{namespace}".encode()).digest()[:8], "big") % span


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
