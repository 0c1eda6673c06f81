"""The few system calls that Python has no function for, called through the C library.

Everything raises OSError with the call's name. Bound once per zygote: a child pays only the calls.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence
from typing import NoReturn

_libc = ctypes.CDLL(None, use_errno=True)
_libc.prctl.argtypes = (ctypes.c_int, *(ctypes.c_ulong,) * 4)
_libc.mount.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p)
_libc.umount2.argtypes = (ctypes.c_char_p, ctypes.c_int)
_libc.unshare.argtypes = (ctypes.c_int,)

# (x86-64, aarch64) where they differ
_ARM = os.uname().machine == "aarch64"
_CAPSET = 91 if _ARM else 126
_PIVOT_ROOT = 41 if _ARM else 155
_CLOSE_RANGE = 436
LANDLOCK_CREATE_RULESET = 444
LANDLOCK_ADD_RULE = 445
LANDLOCK_RESTRICT_SELF = 446

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH = 2

# Bound here: inside/lockdown.py says why. With its types declared a call makes no objects for its arguments
_prctl, _addressof, _Array, _pack_into = _libc.prctl, ctypes.addressof, ctypes.Array, struct.pack_into
_syscall = ctypes.CFUNCTYPE(ctypes.c_long, *(ctypes.c_long,) * 6, use_errno=True)(("syscall", _libc))

Word = int | None | ctypes.Array[ctypes.c_char]


def _fail(name: str) -> NoReturn:
    code = ctypes.get_errno()
    raise OSError(code, f"{name}: {os.strerror(code)}")


def _checked(result: int, name: str) -> int:
    if result < 0:
        _fail(name)
    return result


def syscall(number: int, *words: Word, name: str) -> int:
    """The raw system call; integers and buffers as arguments, None as a null pointer."""
    converted = [_addressof(w) if isinstance(w, _Array) else w or 0 for w in words]
    return _checked(_syscall(number, *converted, *(0,) * (5 - len(words))), name)


def prctl(option: int, value: int = 0, extra: int = 0) -> None:
    if _prctl(option, value, extra, 0, 0) < 0:
        _fail(f"prctl({option})")


def unshare(flags: int) -> None:
    _checked(_libc.unshare(flags), f"unshare({flags:#x})")


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    def text(value: str | None) -> bytes | None:
        return None if value is None else os.fsencode(value)

    result = _libc.mount(text(source), os.fsencode(target), text(kind), flags, text(options))
    _checked(result, f"mount({target})")


def unmount(target: str) -> None:
    """Detach a mount and all below it."""
    _checked(_libc.umount2(os.fsencode(target), MNT_DETACH), f"umount({target})")


def pivot_root(new: str, old: str) -> None:
    buffers = [ctypes.create_string_buffer(os.fsencode(p)) for p in (new, old)]
    syscall(_PIVOT_ROOT, *buffers, name="pivot_root")


def close_from(first: int) -> None:
    """Close every descriptor from `first` up."""
    try:
        syscall(_CLOSE_RANGE, first, 0xFFFFFFFF, 0, name="close_range")
    except OSError:  # Linux before 5.9, or an outer filter without the call
        os.closerange(first, os.sysconf("SC_OPEN_MAX"))


def drop_capabilities() -> None:
    """Empty this process's effective, permitted and inheritable sets."""
    header = ctypes.create_string_buffer((0x20080522).to_bytes(4, "little") + bytes(4), 8)  # version 3, this thread
    syscall(_CAPSET, header, ctypes.create_string_buffer(24), name="capset")


class Filter:
    """A seccomp program (an array of struct sock_filter), laid out once for the children to install."""

    def __init__(self, program: bytes, pid_offsets: Sequence[int] = ()) -> None:
        self._code = ctypes.create_string_buffer(program, len(program))
        address = ctypes.addressof(self._code).to_bytes(8, "little")
        self._head = ctypes.create_string_buffer((len(program) // 8).to_bytes(2, "little") + bytes(6) + address, 16)
        self._address = ctypes.addressof(self._head)
        self._offsets = tuple(pid_offsets)

    def install(self, pid: int) -> None:
        """Put this process, whose pid is written into the program first, under it for good."""
        for offset in self._offsets:
            _pack_into("<I", self._code, offset, pid)
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, self._address)
