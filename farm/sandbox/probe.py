"""What this host offers a sandbox, found by looking and, where looking does not tell, by trying.

`farm doctor` prints it, and a refusal quotes it. Whether a tier works is not decided here but by
starting it: the zygote's own attempt is the probe.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass

from farm.sandbox import cgroup, seccomp
from farm.sandbox.inside import kernel, landlock

_EFAULT = 14
_NAMESPACE_FLAGS = kernel.CLONE_NEWNS | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
# unshare, then a mount: some hosts grant a user namespace and refuse what it is for
_TRY = (
    "import ctypes,os,sys; c=ctypes.CDLL(None,use_errno=True); "
    "ok=c.unshare({flags})==0 and c.mount(None,b'/',None,0x44000,None)==0; "
    "sys.exit(0 if ok else ctypes.get_errno() or 1)"
)


@dataclass(frozen=True, slots=True)
class Host:
    """The facts behind the choice of a tier."""

    machine: str
    kernel: str
    uid: int
    landlock_abi: int
    seccomp: bool
    namespaces: str  # "yes", "by user namespace" or "no: <reason>"
    cgroup: str  # "v1", "v2" or "none"

    def row(self) -> str:
        """One line for people."""
        landlocked = f"ABI {self.landlock_abi}" if self.landlock_abi else "missing"
        filtered = "yes" if self.seccomp else "missing"
        return (
            f"Linux {self.kernel} {self.machine}, uid {self.uid}, namespaces {self.namespaces}, "
            f"Landlock {landlocked}, seccomp {filtered}, cgroup {self.cgroup}"
        )


def host() -> Host:
    """Probe this host. Starts one short process to try namespaces, and makes and removes one cgroup."""
    group = cgroup.Cgroup.create()
    version = group.version if group is not None else "none"
    if group is not None:
        group.remove()
    machine = platform.machine()
    return Host(
        machine=machine,
        kernel=platform.release(),
        uid=os.geteuid(),
        landlock_abi=landlock.abi(),
        seccomp=machine in seccomp.ARCHITECTURES and _has_seccomp(),
        namespaces=_namespaces(),
        cgroup=version,
    )


def _has_seccomp() -> bool:
    """A filter at a null pointer is refused for the pointer where filters exist, for the mode where not."""
    try:
        kernel.prctl(kernel.PR_SET_SECCOMP, kernel.SECCOMP_MODE_FILTER, 0)
    except OSError as exc:
        return exc.errno == _EFAULT
    return False


def _namespaces() -> str:
    root = os.geteuid() == 0
    flags = _NAMESPACE_FLAGS if root else _NAMESPACE_FLAGS | kernel.CLONE_NEWUSER
    code = _TRY.format(flags=flags)
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], check=False, capture_output=True, timeout=60)
    if done.returncode == 0:
        return "yes" if root else "by user namespace"
    return f"no: {os.strerror(done.returncode)}"
