"""File confinement with Landlock: the kernel's version, a ruleset made once per zygote, its use in a child.

Constants: Linux `include/uapi/linux/landlock.h`. A ruleset handles every right that the running
kernel knows, so what no rule grants is denied.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

from . import kernel
from .kernel import LANDLOCK_RESTRICT_SELF, syscall

READ_FILE, WRITE_FILE, READ_DIR = 1 << 2, 1 << 1, 1 << 3
_PATH_BENEATH = 1
_VERSION_FLAG = 1
_EINVAL = 22


def abi() -> int:
    """The Landlock version of this kernel; 0 where it is absent or switched off."""
    try:
        return kernel.syscall(kernel.LANDLOCK_CREATE_RULESET, None, 0, _VERSION_FLAG, name="landlock")
    except OSError:
        return 0


def _file_rights(version: int) -> int:
    bits = 13 + (version >= 2) + (version >= 3) + (version >= 5)  # REFER, TRUNCATE, IOCTL_DEV
    return (1 << bits) - 1


def attributes(version: int) -> bytes:
    """struct landlock_ruleset_attr: all file rights, TCP bind and connect from 4, both scopes from 6."""
    words = [_file_rights(version)]
    if version >= 4:
        words.append(0b11)
    if version >= 6:
        words.append(0b11)
    return struct.pack(f"<{len(words)}Q", *words)


def create_ruleset(version: int, grants: Iterable[tuple[str, int]]) -> tuple[int, int]:
    """A ruleset that grants exactly `grants`, (path, rights) each. Returns (descriptor, effective version).

    Paths that do not exist are skipped: what is not there needs no grant. Raises OSError otherwise.
    """
    attr = attributes(version)
    try:
        ruleset = _create(attr)
    except OSError as exc:
        if exc.errno != _EINVAL or version < 6:
            raise
        # Some vendor kernels report 6 without the scopes (xz's my_landlock.h)
        version = 5
        ruleset = _create(attributes(version))
    for path, rights in grants:
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        rule = ctypes.create_string_buffer(struct.pack("<Qi", rights, fd), 12)
        kernel.syscall(kernel.LANDLOCK_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0, name=f"landlock_add_rule({path})")
        os.close(fd)
    return ruleset, version


def _create(attr: bytes) -> int:
    buffer = ctypes.create_string_buffer(attr, len(attr))
    return kernel.syscall(kernel.LANDLOCK_CREATE_RULESET, buffer, len(attr), 0, name="landlock_create_ruleset")


def restrict(ruleset: int) -> None:
    """Confine this process for good. Needs no_new_privs."""
    syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0, name="landlock_restrict_self")
