"""A worker's start in an environment that is poorer than this one, run as a process of its own.

    python -m tests.unit.sandbox.host KIND...

What a container's profile takes away is taken away by a seccomp filter over this process, a user by
setresuid. Prints as JSON the tier that passed its self-test, or the refusal.
"""

from __future__ import annotations

import json
import os
import struct
import sys

from farm.errors import SandboxUnavailable
from farm.judging.selftest import require_safe, self_test
from farm.sandbox.inside import kernel
from farm.sandbox.seccomp import DENIED, RULED, calls

USER = 1000
# What Docker's default profile denies of that which a sandbox may want
CONTAINER = ("unshare", "mount", "umount2", "setns", "pivot_root", "fsopen", "fsmount", "move_mount", "open_tree")
LANDLOCK = ("landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self")
_LOAD, _JEQ, _RET = 0x20, 0x15, 0x06
_ALLOW, _EPERM, _ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026


def deny(names: tuple[str, ...], answer: int) -> None:
    """These system calls give `answer` from now on, here and in all processes below."""
    machine = os.uname().machine
    numbers = {**calls(DENIED, machine), **calls(RULED, machine)}
    code = [(_LOAD, 0, 0, 0)]
    for name in names:
        code += [(_JEQ, 0, 1, numbers[name]), (_RET, 0, 0, answer)]
    install([*code, (_RET, 0, 0, _ALLOW)])


def deny_filters() -> None:
    """prctl(PR_SET_SECCOMP) fails, as on a kernel without filters."""
    prctl = calls(RULED, os.uname().machine)["prctl"]
    argument = [(_LOAD, 0, 0, 16), (_JEQ, 0, 1, kernel.PR_SET_SECCOMP), (_RET, 0, 0, _EPERM), (_RET, 0, 0, _ALLOW)]
    install([(_LOAD, 0, 0, 0), (_JEQ, 1, 0, prctl), (_RET, 0, 0, _ALLOW), *argument])


def install(code: list[tuple[int, int, int, int]]) -> None:
    kernel.Filter(b"".join(struct.pack("<HBBI", *line) for line in code)).install(os.getpid())


def become(kinds: list[str]) -> None:
    """Give up what the environments lack, filters last but the user first where that needs no privilege."""
    if "container" in kinds:
        deny(CONTAINER, _EPERM)
    if "no-landlock" in kinds:
        deny(LANDLOCK, _ENOSYS)
    if "no-seccomp" in kinds:
        deny_filters()
    if "user" in kinds:
        os.setgroups([])
        os.setresgid(USER, USER, USER)
        os.setresuid(USER, USER, USER)
    if "no-new-privs" in kinds:
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)


def main() -> None:
    become(sys.argv[1:])
    try:
        with require_safe() as sandbox:
            failed = [check.name for check in self_test(sandbox) if not check.ok]
            print(json.dumps({"tier": sandbox.info.tier, "protections": sandbox.info.protections, "failed": failed}))
    except SandboxUnavailable as exc:
        print(json.dumps({"refused": str(exc)}))


if __name__ == "__main__":
    main()
