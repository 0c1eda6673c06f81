"""What a sandbox could leave behind on a host, and that it left nothing."""

from __future__ import annotations

import os
import pwd
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.orphans import adopted_orphans
from tests.support.sandbox import descendants
from tests.support.wait import wait_until

_SHARED = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/dev/mqueue")
_STAGES = ("/tmp", "/mnt", "/var", "/usr", "/box", "/old")  # of farm/sandbox/inside/mounts.py
_NOBODY = 65534


@contextmanager
def no_traces(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Within it, a sandbox may do what it likes; afterwards there is no process, descriptor, mount, cgroup, directory
    or file more than before. `folder`: an empty one, where this process makes its temporary files meanwhile.

    This process adopts orphans meanwhile, so that no child of a killed zygote can leave the tree.
    """
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    before = _things(folder)
    with adopted_orphans():
        yield
        wait_until(lambda: _things(folder) <= before, f"no more than {before} is left of {_things(folder)}")


def _things(folder: Path) -> set[str]:
    """All of this process's, and of its programs', that lasts until somebody ends, closes or removes it."""
    found = {f"process {pid}" for pid in descendants(os.getpid())}
    found |= {f"descriptor {number}" for number in range(open_descriptors())}
    found |= {f"mount {line}" for line in Path("/proc/self/mountinfo").read_text().splitlines() if _stage(line)}
    found |= {f"cgroup {path}" for path in slot_groups()}
    found |= {f"file {path}" for path in _files_of_programs() | set(map(str, folder.iterdir()))}
    return found


def _stage(mount: str) -> bool:
    """Whether a line of mountinfo tells of a place where a private root is made."""
    return mount.split()[4] in _STAGES


def open_descriptors() -> int:
    """How many descriptors this process has."""
    return len(os.listdir("/proc/self/fd"))


def resident_bytes() -> int:
    """Of this process, as the kernel counts them."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def slot_groups() -> set[Path]:
    """The cgroups of this process's slots."""
    return set(Path("/sys/fs/cgroup").glob(f"**/farm-slot-{os.getpid()}-*"))


def _files_of_programs() -> set[str]:
    """Files in shared directories whose owner is a program's user: one without an account, or uid 65534."""
    found = set()
    for folder in filter(os.path.isdir, _SHARED):
        for path in Path(folder).iterdir():
            with suppress(OSError):  # somebody else's, and gone again
                uid = path.lstat().st_uid
                if uid == _NOBODY or not _has_account(uid):
                    found.add(str(path))
    return found


def _has_account(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
