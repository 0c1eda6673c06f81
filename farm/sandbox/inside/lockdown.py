"""What a child does to itself before it meets the program: descriptors, limits, uid, Landlock, seccomp.

The order matters and is that of docs/sandbox.md: the uid change clears the parent-death signal, so that
comes after it; Landlock and seccomp come last, because they forbid what the steps before them need.
"""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass
from typing import Any

from . import kernel, landlock

# The child's descriptors. Only 0-2, and RESULT (and INPUT in mode lcb), are open when the program runs.
RESULT, INPUT, STATUS, SOURCE, RULESET = 3, 4, 5, 6, 7
FIRST_FREE = 10
_SIGKILL = 9


@dataclass(frozen=True, slots=True)
class Prepared:
    """What one zygote made ready for all its children."""

    filter: kernel.Filter | None  # None: tier `none`
    ruleset: int | None
    uid: int | None  # change to this uid; None: the zygote is not root and stays what it is
    own_uid: bool  # no other process has this uid, so NPROC counts this child alone
    workdir: str


def take_descriptors(received: dict[str, int], ruleset: int | None) -> None:
    """Put the received descriptors on their numbers and close everything else.

    The zygote keeps its own descriptors at FIRST_FREE and above, so no source is overwritten.
    """
    places = {"stdin": 0, "stdout": 1, "stderr": 2}
    places |= {"result": RESULT, "input": INPUT, "status": STATUS, "source": SOURCE}
    for name, number in places.items():
        if name in received:
            os.dup2(received[name], number, inheritable=False)
        else:
            os.close(number)
    if ruleset is not None:
        os.dup2(ruleset, RULESET, inheritable=False)
    else:
        os.close(RULESET)
    kernel.close_from(RULESET + 1)


def set_limits(limits: dict[str, Any], own_uid: bool) -> None:
    """The rlimits of one run; `limits` comes from farm.sandbox.zygote."""
    pairs = [
        (resource.RLIMIT_CPU, limits["cpu"], limits["cpu"] + 1),
        (resource.RLIMIT_DATA, limits["data"], limits["data"]),
        (resource.RLIMIT_AS, limits["address_space"], limits["address_space"]),
        (resource.RLIMIT_STACK, limits["stack"], limits["stack"]),
        (resource.RLIMIT_NOFILE, limits["files"], limits["files"]),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_MEMLOCK, 0, 0),
        (resource.RLIMIT_MSGQUEUE, 0, 0),
    ]
    if own_uid:
        pairs.append((resource.RLIMIT_NPROC, limits["threads"], limits["threads"]))
    for kind, soft, hard in pairs:
        _, ceiling = resource.getrlimit(kind)
        if ceiling != resource.RLIM_INFINITY:  # the worker's own hard limit may be lower, and then it holds
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        resource.setrlimit(kind, (soft, hard))


def _change_uid(uid: int) -> None:
    """Become another user; all capabilities go with root."""
    try:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    except OSError as exc:
        raise OSError(exc.errno, f"cannot change to uid {uid}: {exc.strerror}") from exc


def confine(prepared: Prepared, limits: dict[str, Any], zygote: int) -> None:
    """Every protection of the child, in order. Raises OSError when one cannot be had: the run is void then."""
    set_limits(limits, prepared.own_uid)
    if prepared.uid is not None:
        _change_uid(prepared.uid)
    else:
        kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_PDEATHSIG, _SIGKILL)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if os.getppid() != zygote:
        raise ProcessLookupError("the zygote is gone")
    os.chdir(prepared.workdir)
    if prepared.ruleset is not None:
        landlock.restrict(RULESET)
        os.close(RULESET)
    if prepared.filter is not None:
        prepared.filter.install(os.getpid())
