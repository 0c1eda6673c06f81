"""Take the place of a user without rights, in a mount namespace where that user can read what it needs.

    python -m tests.environments.as_user PATH... -- COMMAND...

Root's interpreter and checkout may lie below a folder that only root may enter. Such a folder is covered here by an
empty one that shows each PATH, read-only, and nothing else. Nobody outside this process sees any of it.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

from farm.sandbox.inside import kernel

USER = 1000  # the first user of most machines


def expose(paths: list[Path]) -> None:
    """Make real `paths` reachable for other users, in a mount namespace of this process's own if it takes one."""
    covers = {path: cover for path in paths if (cover := _closed(path)) is not None}
    if not covers:
        return
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    stage = tempfile.mkdtemp(prefix="farm-stage-")
    kernel.mount("tmpfs", stage, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=700")
    held = {path: f"{stage}/{number}" for number, path in enumerate(covers)}
    for path, place in held.items():
        Path(place).mkdir()
        kernel.mount(str(path), place, None, kernel.MS_BIND)
    for cover in set(covers.values()):
        kernel.mount("tmpfs", str(cover), "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755")
    for path in sorted(held):  # a path below another is there already
        path.mkdir(parents=True, exist_ok=True)
        kernel.mount(held[path], str(path), None, kernel.MS_BIND)
        kernel.mount(None, str(path), None, kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY)
    kernel.unmount(stage)
    Path(stage).rmdir()


def _closed(path: Path) -> Path | None:
    """The highest folder on the way to `path` that other users may not enter."""
    ways = reversed(path.parents)
    return next((parent for parent in ways if not parent.stat().st_mode & stat.S_IXOTH), None)


def main() -> None:
    split = sys.argv.index("--")
    paths, command = sys.argv[1:split], sys.argv[split + 1 :]
    os.umask(0o022)
    expose([Path(path).resolve() for path in paths])
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
