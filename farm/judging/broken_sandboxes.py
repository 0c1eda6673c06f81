"""Whether a program is to blame for the sandboxes that broke under it.

Pure: the lifecycle of a run asks it. The rule and its reasons: docs/adr/0023-what-breaks-its-sandbox.md. What a worker
must have seen before it calls a sandbox broken is in farm/judging/evaluate.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from farm.records import SampleKey


class BrokenSandboxes:
    """The evidence of one run: which attempts broke a sandbox at which workers, and which workers judge."""

    def __init__(self) -> None:
        self._workers: dict[SampleKey, list[str]] = {}  # of each attempt that broke a sandbox
        self._judging: set[str] = set()

    def known(self, broken: Mapping[SampleKey, Iterable[str]], judging: Iterable[str]) -> None:
        """Add what the ledger holds."""
        self._workers.update((key, list(workers)) for key, workers in broken.items())
        self._judging.update(judging)

    def broke(self, key: SampleKey, worker: str) -> None:
        """An attempt of `key` broke the sandbox at `worker`."""
        self._workers.setdefault(key, []).append(worker)

    def judged(self, key: SampleKey, worker: str) -> None:
        """`worker` judged `key`; empty: none did, and it was judged all the same."""
        self._workers.pop(key, None)
        if worker:
            self._judging.add(worker)

    def broke_all(self, key: SampleKey, attempts: int) -> bool:
        """Whether every one of its `attempts` failed attempts broke a sandbox."""
        return len(self._workers.get(key, ())) == attempts > 0

    def by_the_program(self, key: SampleKey) -> bool:
        """Whether each of these workers has judged another sample of the run: then it is not the host's fault."""
        return self._judging.issuperset(self._workers.get(key, ()))
