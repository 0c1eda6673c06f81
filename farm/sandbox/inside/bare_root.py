"""A root of null devices and an empty folder, nothing else: what root can enter without namespaces or Landlock.

For containers on kernels that have no Landlock. Nothing can be mounted there, so the library cannot be shown
in it: children take it from memory (memory_library.py). One tree serves all zygotes of a host and stays, because who
made it is killed rather than ended; it holds no bytes, and only root could change it.
"""

# Paths here are texts in another root, or met before pathlib is worth its import

from __future__ import annotations

import os
import shutil
import stat
import tempfile

from .mounts import BOX

_PLACES = ("/run", "/var/lib", "/tmp")  # noqa: S108 - a tree there is used only if root made all of it
_NAME = "farm-bare-root"
_FOLDERS = {"": 0o111, "dev": 0o111, BOX.strip("/"): 0o555}  # none can be written, and only the empty one listed
# name -> (major, minor, mode): read by all, and null written too, as under Landlock (library.grants)
_DEVICES = {"null": (1, 3, 0o666), "zero": (1, 5, 0o444), "urandom": (1, 9, 0o444)}


def enter() -> None:
    """Make the tree, whose empty folder is BOX, this process's root, for good. OSError if that cannot be had."""
    refusals = []
    for place in _PLACES:
        tree = f"{place}/{_NAME}"
        try:
            if not os.path.lexists(tree):
                _make(tree)
            _check(tree)
            os.chroot(tree)
        except OSError as exc:
            refusals.append(f"{tree}: {exc.strerror or exc}")
        else:
            os.chdir("/")
            return
    raise OSError(f"no Landlock, and no bare root can be made ({'; '.join(refusals)})")


def _make(tree: str) -> None:
    """The whole tree at once under its name, whoever else makes it at the same time."""
    draft = tempfile.mkdtemp(prefix=f".{_NAME}-", dir=os.path.dirname(tree))
    try:
        for folder in _FOLDERS:
            os.makedirs(f"{draft}/{folder}", exist_ok=True)
        for name, (major, minor, mode) in _DEVICES.items():
            path = f"{draft}/dev/{name}"
            os.mknod(path, mode | stat.S_IFCHR, os.makedev(major, minor))
            os.chmod(path, mode)  # as the umask would not have it
        for folder, mode in _FOLDERS.items():
            os.chmod(f"{draft}/{folder}", mode)
        os.rename(draft, tree)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        if not os.path.lexists(tree):
            raise


def _check(tree: str) -> None:
    """Raises OSError unless the tree is root's alone, holds nothing more, and its devices work."""
    held = {"": {f for f in _FOLDERS if f}, "dev": set(_DEVICES)}
    for folder, mode in _FOLDERS.items():
        path = f"{tree}/{folder}"
        info = os.lstat(path.rstrip("/"))
        known = (info.st_mode, info.st_uid) == (stat.S_IFDIR | mode, 0)
        if not known or set(os.listdir(path)) != held.get(folder, set()):
            raise OSError(f"not as root made it: {path}")
    for name, (major, minor, mode) in _DEVICES.items():
        path = f"{tree}/dev/{name}"
        info = os.lstat(path)
        device = os.makedev(major, minor)
        if (info.st_mode, info.st_uid, info.st_rdev) != (stat.S_IFCHR | mode, 0, device):
            raise OSError(f"not as root made it: {path}")
        os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC))  # a file system may be mounted without devices
