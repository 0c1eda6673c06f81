"""Namespaces of one zygote, and its private root: an empty tmpfs with read-only views of the library.

Made once per zygote. Because the parents of each view are new directories, an interpreter below a home
that only root may enter is readable here after the uid drop.
"""

# Paths here are texts in another root, or met before pathlib is worth its import

from __future__ import annotations

import os
from collections.abc import Iterable

from . import kernel, library

BOX = "/box"  # the empty working directory of programs
_OLD = "/old"
_WAY_MODE = 0o111  # of the folders that lead to the views: passed through, not listed, whoever owns them
_STAGES = ("/tmp", "/mnt", "/var", "/usr")  # noqa: S108 - only a place to mount on, in a namespace of our own
# statvfs flags that a remount in a user namespace must repeat, and their mount flags
_KEPT = ((1, 1), (2, 2), (4, 4), (8, 8), (1024, 1024), (2048, 2048), (4096, 1 << 21))


def unshare(uid: int, gid: int) -> None:
    """Enter new namespaces; for a user that is not root by way of a user namespace.

    No pid namespace: its first process ignores signals that have no handler (SIGXCPU among them).
    """
    flags = kernel.CLONE_NEWNS | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
    if uid == 0:
        kernel.unshare(flags)
        return
    kernel.unshare(flags | kernel.CLONE_NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"65534 {uid} 1"), ("gid_map", f"65534 {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def private_root(paths: Iterable[str]) -> None:
    """Make a root that holds `paths` read-only, the null devices and BOX, and nothing else."""
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    stage = next(p for p in _STAGES if os.path.isdir(p))
    kernel.mount("tmpfs", stage, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755,size=1m,nr_inodes=8k")
    os.mkdir(stage + _OLD)
    os.chdir(stage)
    kernel.pivot_root(".", "old")  # the staging mount no longer hides what was below it: see /old
    os.chdir("/")
    masks = []
    for path in paths:
        if os.path.lexists(_OLD + path):
            real = _bind(path, device=False)
            for name in library.MASKED:
                hidden = os.path.join(real, name)
                if os.path.isdir(hidden) and not os.path.islink(hidden) and hidden not in masks:
                    kernel.mount("tmpfs", hidden, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755,size=64k")
                    masks.append(hidden)
    for path in library.DEVICES:
        if os.path.exists(_OLD + path):
            _bind(path, device=True)
    os.mkdir(BOX, 0o555)
    kernel.unmount(_OLD)
    os.rmdir(_OLD)
    os.chmod("/", _WAY_MODE)
    for path in (*masks, "/"):
        _read_only(path, kernel.MS_NODEV)


def _bind(path: str, *, device: bool) -> str:
    real = _place(path)
    if not os.path.ismount(real):
        kernel.mount(_OLD + real, real, None, kernel.MS_BIND | kernel.MS_REC)
        _read_only(real, 0 if device else kernel.MS_NODEV)
    return real


def _read_only(path: str, extra: int) -> None:
    now = os.statvfs(path).f_flag
    kept = 0
    for seen, flag in _KEPT:
        if now & seen:
            kept |= flag
    flags = kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | kernel.MS_NOSUID
    kernel.mount(None, path, None, flags | kept | extra)


def _place(path: str) -> str:
    """Create the way to `path` in the new root, symbolic links included; the real path it leads to."""
    todo = [p for p in path.split("/") if p]
    here = ""
    while todo:
        name = todo.pop(0)
        if name == ".":
            continue
        if name == "..":
            here = here.rpartition("/")[0]
            continue
        step = f"{here}/{name}"
        source = _OLD + step
        if os.path.islink(source):
            target = os.readlink(source)
            if not os.path.lexists(step):
                os.symlink(target, step)
            if target.startswith("/"):
                here = ""
            todo = [p for p in target.split("/") if p] + todo
            continue
        if not os.path.exists(step):
            if os.path.isdir(source):
                os.mkdir(step, _WAY_MODE)
            else:
                os.close(os.open(step, os.O_CREAT | os.O_EXCL, 0o444))
        here = step
    return here or "/"
