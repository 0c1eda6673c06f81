"""What a child does to itself before it meets the program: descriptors, limits, uid, Landlock, seccomp.

The order matters and is that of docs/sandbox.md: the uid change clears the parent-death signal, so that
comes after it; Landlock and seccomp come last, because they forbid what the steps before them need.

Names of other modules are bound one by one, here and where else a child passes: a child has to copy each page
that it writes to, and to look a name up on a module writes three (the interpreter's cache, and the counts of the
names that come and go there).
"""

from __future__ import annotations

import resource
from os import chdir, close, dup2, getpid, getppid, setgroups, setresgid, setresuid
from resource import (
    RLIMIT_AS,
    RLIMIT_CORE,
    RLIMIT_CPU,
    RLIMIT_DATA,
    RLIMIT_FSIZE,
    RLIMIT_MEMLOCK,
    RLIMIT_MSGQUEUE,
    RLIMIT_NOFILE,
    RLIMIT_NPROC,
    RLIMIT_STACK,
    getrlimit,
    setrlimit,
)
from typing import Any, NamedTuple

from .kernel import (
    PR_SET_DUMPABLE,
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    Filter,
    close_from,
    drop_capabilities,
    prctl,
)
from .landlock import restrict

# The child's descriptors. Only 0-2, and RESULT (and INPUT in mode lcb), are open when the program runs.
RESULT, INPUT, STATUS, SOURCE, RULESET = 3, 4, 5, 6, 7
FIRST_FREE = 10
_PLACES = (("stdin", 0), ("stdout", 1), ("stderr", 2), ("result", RESULT), ("input", INPUT), ("status", STATUS),
           ("source", SOURCE))  # fmt: skip
_SIGKILL = 9


class Prepared(NamedTuple):
    """What one zygote made ready for all its children."""

    filter: Filter | None  # None: tier `none`
    ruleset: int | None
    uid: int | None  # change to this uid; None: the zygote is not root and stays what it is
    own_uid: bool  # no other process has this uid, so NPROC counts this child alone
    workdir: str
    ceilings: dict[int, int]  # of rlimits: the zygote's own hard limits, where there are any


def take_descriptors(received: dict[str, int], ruleset: int | None) -> None:
    """Put the received descriptors on their numbers and close everything else.

    The zygote keeps its own descriptors at FIRST_FREE and above, so no source is overwritten.
    """
    for name, number in _PLACES:
        if name in received:
            dup2(received[name], number, False)
        else:
            close(number)
    if ruleset is not None:
        dup2(ruleset, RULESET, False)
    else:
        close(RULESET)
    close_from(RULESET + 1)


def ceilings() -> dict[int, int]:
    """The hard limits of this process."""
    kinds = {getattr(resource, name) for name in vars(resource) if name.startswith("RLIMIT_")}
    hard = {kind: getrlimit(kind)[1] for kind in kinds}
    return {kind: limit for kind, limit in hard.items() if limit != resource.RLIM_INFINITY}


def set_limits(limits: dict[str, Any], own_uid: bool, ceilings: dict[int, int]) -> None:
    """The rlimits of one run; `limits` comes from farm.sandbox.zygote."""
    pairs = [
        (RLIMIT_CPU, limits["cpu"], limits["cpu"] + 1),
        (RLIMIT_DATA, limits["data"], limits["data"]),
        (RLIMIT_AS, limits["address_space"], limits["address_space"]),
        (RLIMIT_STACK, limits["stack"], limits["stack"]),
        (RLIMIT_NOFILE, limits["files"], limits["files"]),
        (RLIMIT_FSIZE, 0, 0),
        (RLIMIT_CORE, 0, 0),
        (RLIMIT_MEMLOCK, 0, 0),
        (RLIMIT_MSGQUEUE, 0, 0),
    ]
    if own_uid:
        pairs.append((RLIMIT_NPROC, limits["threads"], limits["threads"]))
    for kind, soft, hard in pairs:
        if kind in ceilings:  # the worker's own hard limit may be lower, and then it holds
            soft, hard = min(soft, ceilings[kind]), min(hard, ceilings[kind])
        setrlimit(kind, (soft, hard))


def _change_uid(uid: int) -> None:
    """Become another user; all capabilities go with root."""
    try:
        setgroups([])
        setresgid(uid, uid, uid)
        setresuid(uid, uid, uid)
    except OSError as exc:
        raise OSError(exc.errno, f"cannot change to uid {uid}: {exc.strerror}") from exc


def confine(prepared: Prepared, limits: dict[str, Any], zygote: int) -> None:
    """Every protection of the child, in order. Raises OSError when one cannot be had: the run is void then."""
    code, ruleset, uid, own_uid, workdir, ceilings = prepared
    set_limits(limits, own_uid, ceilings)
    if uid is not None:
        _change_uid(uid)
    else:
        drop_capabilities()
    prctl(PR_SET_PDEATHSIG, _SIGKILL)
    prctl(PR_SET_DUMPABLE, 0)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if getppid() != zygote:
        raise ProcessLookupError("the zygote is gone")
    chdir(workdir)
    if ruleset is not None:
        restrict(RULESET)
        close(RULESET)
    if code is not None:
        code.install(getpid())
