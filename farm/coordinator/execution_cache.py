"""Executing identical programs on identical tests once: within a run, and across the runs of a ledger.

The ledger is the cache. Before a program is sent, its execution is looked up there; while it is executed for
one sample, the others with the same program wait.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from farm.errors import LedgerCorrupt
from farm.ledger import history
from farm.ledger.executions import RuntimeIdentity, copy_for, execution_digest
from farm.ledger.ledger import Ledger
from farm.records import RunSpec, SampleKey, SampleResult

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WaitFor:
    """The same program on the same tests is being executed for `key`."""

    key: SampleKey


class ExecutionCache:
    """What need not be executed in one run."""

    def __init__(self, ledger: Ledger, run_id: str, spec: RunSpec, is_outstanding: Callable[[SampleKey], bool]) -> None:
        """`is_outstanding` says whether a sample's program is with the workers now."""
        self._ledger, self._run_id, self._spec, self._is_outstanding = ledger, run_id, spec, is_outstanding
        self._runtimes: frozenset[RuntimeIdentity] = frozenset()
        self._none_confines = False
        self._leaders: dict[str, SampleKey] = {}  # who was last sent with this execution

    def set_runtimes(self, runtimes: Iterable[RuntimeIdentity]) -> None:
        """Who would execute a program that is sent now: only what they could have found is reused."""
        present = frozenset(runtimes)
        self._runtimes = frozenset(runtime for runtime in present if runtime.confined)
        self._none_confines = bool(present) and not self._runtimes

    def add_runtimes(self, runtimes: Iterable[RuntimeIdentity]) -> None:
        """These executed something a moment ago, and may be newer than the last look at who is present."""
        self._runtimes |= {runtime for runtime in runtimes if runtime.confined}

    def decide(self, key: SampleKey, program: str, suite: str) -> SampleResult | WaitFor | None:
        """The verdict on `key` from an earlier execution, whom it waits for, or None: it is executed now.

        `program` and `suite` are digests.
        """
        if not self._spec.cache:
            return None
        digest = self._digest(program, suite)
        try:
            found = history.execution(self._ledger, self._run_id, digest, self._runtimes)
        except LedgerCorrupt as exc:
            log.warning("not reused: %s", exc)  # a damaged row of another run must not stop this one
            found = None
        if found is not None:
            run_id, result = found
            return copy_for(key, result, run_id, time.time())
        leader = self._leaders.setdefault(digest, key)
        if leader != key and self._is_outstanding(leader) and not self._none_confines:
            return WaitFor(leader)
        self._leaders[digest] = key
        return None

    def adopt(self, key: SampleKey, program: str, suite: str) -> None:
        """The program of `key` is being executed already, sent by an earlier coordinator of this run."""
        self._leaders[self._digest(program, suite)] = key

    def _digest(self, program: str, suite: str) -> str:
        return execution_digest(program, suite, self._spec.judge, self._spec.limits)
