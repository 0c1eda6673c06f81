"""Which files a program may read: the standard library, shared libraries and admitted packages.

Not all of site-packages: farm itself may be installed there, and nothing of it is a program's business.
"""

# Paths here are texts in another root, or met before pathlib is worth its import

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from .landlock import READ_DIR, READ_FILE, WRITE_FILE

DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
_LINKER = ("/etc/ld.so.cache",)
MASKED = ("site-packages", "dist-packages")  # below a library directory
_SYSTEM = ("/lib64", "/usr/lib64")


def library_dirs() -> list[str]:
    """The directories of sys.path that exist: the standard library and its extension modules."""
    return [p for p in sys.path if os.path.isdir(p)]


def shared_dirs() -> list[str]:
    """Directories of the shared objects that are loaded now, and the system's own."""
    multiarch = getattr(sys.implementation, "_multiarch", "")
    found = [f"/usr/lib/{multiarch}", *_SYSTEM] if multiarch else list(_SYSTEM)
    with open("/proc/self/maps", "rb") as maps:
        for line in maps:
            path = line.split(maxsplit=5)[-1].strip()
            if b".so" in path and path.startswith(b"/"):
                found.append(os.path.dirname(os.fsdecode(path)))
    inside = tuple(os.path.realpath(p) + os.sep for p in library_dirs())
    real = dict.fromkeys(os.path.realpath(p) for p in found if os.path.isdir(p))
    return [p for p in real if not f"{p}{os.sep}".startswith(inside)]


def _wide(directory: str) -> bool:
    """Whether a directory of shared objects holds other things too, so that only its own files are granted."""
    stdlib = os.path.realpath(os.path.dirname(os.__file__))
    return os.path.basename(directory) in ("lib", "lib64") or f"{stdlib}{os.sep}".startswith(f"{directory}{os.sep}")


def shared_files(directory: str) -> list[str]:
    """The shared objects directly in `directory`."""
    return [e.path for e in os.scandir(directory) if ".so" in e.name and e.is_file()]


def visible_paths(packages: Sequence[str]) -> list[str]:
    """What a private root must show, besides DEVICES, each a file or a directory."""
    paths = library_dirs()
    for directory in shared_dirs():
        if _wide(directory) and directory not in _SYSTEM:
            paths += shared_files(directory)
        else:
            paths.append(directory)
    return [*paths, *_SYSTEM, *_LINKER, *packages]


def grants(packages: Sequence[str]) -> list[tuple[str, int]]:
    """The Landlock rules: (path, rights)."""
    rules = [(path, READ_FILE) for path in (*DEVICES, *_LINKER)]
    rules.append(("/dev/null", READ_FILE | WRITE_FILE))
    for directory in library_dirs():
        rules.append((directory, READ_DIR))  # the import system lists it
        for entry in os.scandir(directory):
            if entry.name not in MASKED:
                rules.append((entry.path, READ_FILE | READ_DIR if entry.is_dir() else READ_FILE))
    for directory in shared_dirs():
        if _wide(directory):
            rules += [(path, READ_FILE) for path in shared_files(directory)]
        else:
            rules.append((directory, READ_FILE | READ_DIR))
    rules += [(path, READ_FILE | READ_DIR) for path in packages]
    return rules
