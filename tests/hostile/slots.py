"""Sandboxes for the suites, one per tier and test session, and a view of the processes that belong to them."""

from __future__ import annotations

import ctypes
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from farm.judging.open import open_sandbox
from farm.records import Asserts, JudgeSpec, Limits, Suite, TestCase
from farm.sandbox.api import Evaluation, Sandbox
from tests.support.wait import wait_until

PR_SET_CHILD_SUBREAPER = 36
HONEST = "import sys\nprint(sum(map(int, sys.stdin.read().split())))\n"
HONEST_TESTS = TestCase(input="1 2 3\n", output="6\n"), TestCase(input="40 2", output="42")
HONEST_SUITE = Suite(func_name=None, tests=HONEST_TESTS)
HONEST_FUNCTION = "def total(*values): return sum(values)\n"
HONEST_ASSERTS = Suite(
    func_name=None, tests=(TestCase(input="assert total(1, 2) == 3", output=""),), asserts=Asserts(calls=("total",))
)


def _adopt_orphans(adopt: bool) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def _stat(pid: str) -> tuple[int, str]:
    """Parent and state of a process; (0, "X") if it is gone. The name may hold blanks and brackets: cut behind it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0, "X"
    return int(fields[1]), fields[0]


def descendants() -> set[int]:
    """All running processes below this one, zombies left out."""
    table = {int(pid): _stat(pid) for pid in os.listdir("/proc") if pid.isdigit()}
    below, grown = {os.getpid()}, True
    while grown:
        found = {pid for pid, (parent, _) in table.items() if parent in below}
        grown = not found <= below
        below |= found
    return {pid for pid in below - {os.getpid()} if table[pid][1] not in "ZX"}


@contextmanager
def same_processes(after: str) -> Iterator[None]:
    """At the end the same processes are below this one as at the start: no new one is left, and no zygote was lost.

    (A lost zygote is replaced in silence, but a program must not be able to cost one.) Meanwhile this process adopts
    orphans, so that a daemon cannot leave the tree.
    """
    before = descendants()
    _adopt_orphans(True)
    try:
        yield
        wait_until(lambda: descendants() == before, f"the processes {before} again after {after}")
    finally:
        _adopt_orphans(False)


def assert_honest_passes(sandbox: Sandbox, after: str) -> None:
    """Honest programs pass on this sandbox, one of them by tests in another process."""
    for source, suite, judge in (
        (HONEST, HONEST_SUITE, JudgeSpec()),
        (HONEST_FUNCTION, HONEST_ASSERTS, JudgeSpec(mode="asserts")),
    ):
        evaluation = sandbox.evaluate(source, suite, judge, Limits())
        assert evaluation.verdict == "PASSED", f"honest program after {after}: {explain(evaluation)}"


class Slots:
    """The open sandboxes of a test session by tier; each is opened, and its zygote started, when first asked for."""

    USES = 100  # then a new one: before a zygote's own replacement, which `same_processes` would take for a loss

    def __init__(self) -> None:
        self._open: dict[str, Sandbox] = {}
        self._uses: Counter[str] = Counter()

    def __getitem__(self, tier: str) -> Sandbox:
        self._uses[tier] += 1
        if tier in self._open and self._uses[tier] % self.USES == 0:
            self._close(tier)
        if tier not in self._open:
            self._open[tier] = open_sandbox(tier=tier)
            assert_honest_passes(self._open[tier], "opening")
        return self._open[tier]

    def _close(self, tier: str) -> None:
        before = len(descendants())
        self._open.pop(tier).close()
        wait_until(lambda: len(descendants()) < before, f"the processes of tier {tier} end with it")

    def close(self) -> None:
        """Close all; each must take its processes with it."""
        with ExitStack() as stack:  # what fails for one is no reason to leave the others open
            for tier in self._open:
                stack.callback(self._close, tier)


def explain(evaluation: Evaluation) -> str:
    """What a failed expectation prints."""
    lines = [f"{evaluation.verdict} at test {evaluation.first_failure}: {evaluation.detail}"]
    lines += [f"  case {c.model_dump(exclude_defaults=True)}" for c in evaluation.cases[:4]]
    return "\n".join(lines)
