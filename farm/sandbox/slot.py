"""One slot of this host: one child at a time, forked from one of two zygotes (warm interpreters).

Most programs import a dozen small modules, and are forked from a zygote that has only those: half of what a
child costs is the size of the process it is forked from. Programs that may import more are forked from a second
zygote, with more modules loaded. A zygote is replaced after RECYCLE_RUNS children and after each run that leaves its
state in doubt; the death of a zygote is never a verdict.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from farm.errors import SandboxUnavailable
from farm.sandbox import imports, seccomp
from farm.sandbox.api import Observation, SandboxInfo
from farm.sandbox.cgroup import Cgroup
from farm.sandbox.plan import Plan
from farm.sandbox.proc import clock_kind
from farm.sandbox.runner import RunRequest
from farm.sandbox.session import ChildSession
from farm.sandbox.supervisor import Child
from farm.sandbox.zygote import Zygote

RECYCLE_RUNS = 1000
HARNESS_VERSION = 1


class Slot:
    """The `Runner` of this host (farm/sandbox/runner.py). Starts its zygote at once.

    Raises SandboxUnavailable when the tier lacks something here.
    """

    def __init__(self, plan: Plan) -> None:
        if plan.tier == "uid" and os.geteuid() != 0:
            raise SandboxUnavailable("tier uid: not root")
        self.plan = plan
        self._cgroup = Cgroup.create() if plan.tier != "none" else None
        self._zygotes: dict[bool, Zygote] = {}  # whole or not
        self._last = True  # which kind ran the last program
        self._packages = [entry.rpartition(":")[2] for entry in plan.preload]
        try:
            facts = self.zygote().facts
            self.info = SandboxInfo(plan.tier, self._protections(facts), _runtime(facts))
        except BaseException:
            self.close()
            raise

    def _protections(self, facts: dict[str, Any]) -> tuple[str, ...]:
        found = ["rlimits", "no_new_privs"]
        if self.plan.tier != "none":
            found.append(f"seccomp-{seccomp.assemble(os.uname().machine).digest[:12]}")
            found += [f"landlock-{facts['landlock']}"] if facts["landlock"] else []
            found += ["namespaces"] if self.plan.tier == "ns" else []
            found += ["chroot"] if facts["bare_root"] else []
            found += ["uid"] if facts["uid"] != os.geteuid() else []
            found.append(f"cgroup-{self._cgroup.version if self._cgroup is not None else 'none'}")
        found.append(f"clock-{clock_kind(facts['pid'])}")
        return tuple(found)

    def zygote(self, *, whole: bool = True) -> Zygote:
        """The zygote for programs of either kind, started if there is none. Raises SandboxUnavailable."""
        found = self._zygotes.get(whole)
        if found is not None and found.runs >= RECYCLE_RUNS:
            self._end(whole)
            found = None
        if found is None:
            found = self._zygotes[whole] = Zygote(self.plan, self._cgroup, whole=whole)
        return found

    def observe(self, request: RunRequest) -> Observation:
        """See `Runner`."""
        with self._launched(request) as child:
            child.pump(request.limits.wall_s)
            return child.finish(frame=request.func_name is not None)

    @contextmanager
    def session(self, request: RunRequest) -> Iterator[ChildSession]:
        """See `Runner`."""
        with self._launched(request) as child:
            yield ChildSession(child)

    def twin(self) -> Slot:
        """See `Runner`."""
        return Slot(self.plan)

    @contextmanager
    def _launched(self, request: RunRequest) -> Iterator[Child]:
        self._last = imports.wants_more(request.source, self._packages)
        zygote = self.zygote(whole=self._last)
        if self._cgroup is not None:
            self._cgroup.limit(request.limits.memory_bytes, request.limits.threads)
        child = zygote.launch(request)
        try:
            yield child
        finally:
            child.close()
            if zygote.ended:
                self.discard()

    def discard(self) -> None:
        """End the zygote of the last program, the one in doubt; the next request of its kind starts another."""
        self._end(self._last)

    def _end(self, whole: bool) -> None:
        if (found := self._zygotes.pop(whole, None)) is not None:
            found.close()

    def close(self) -> None:
        """End all processes and remove the control group; idempotent."""
        for whole in list(self._zygotes):
            self._end(whole)
        if self._cgroup is not None:
            self._cgroup.remove()
            self._cgroup = None


def _runtime(facts: dict[str, Any]) -> str:
    return " ".join([f"{facts['implementation']}-{facts['python']}", *facts["packages"], f"harness-{HARNESS_VERSION}"])
