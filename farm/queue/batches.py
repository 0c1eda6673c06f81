"""How many programs go into one message: about BATCH_S of work, fewer when little is left.

A message costs about two milliseconds of the line's CPU time, whatever it holds, and a quick program hardly more. But
a batch is work for one slot alone, so the last batches are small: no slot shall idle while another has a queue.
What a batch turns out to take is not its fate: a worker gives back what it has not begun in time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from math import ceil

from farm.queue.messages import MAX_BATCH, ExecuteJob
from farm.records import SampleKey

BATCH_S = 0.2  # of expected work in one message
UNKNOWN_S = 0.05  # of a program before the first verdict of the run
SLOTS_BEFORE_WORKERS = 8  # slots to share the work among while no worker is connected
SHARES = 2  # messages for each slot that what is waiting should at least be cut into


class Batches:
    """Cuts execute jobs into batches. `slots`: how many the connected workers have."""

    def __init__(self) -> None:
        self.slots = 0
        self._known: dict[str, tuple[int, float]] = {}  # problem -> verdicts, seconds of all
        self._all = (0, 0.0)

    def learn(self, problem_id: str, wall_s: float) -> None:
        """A program of this problem took so long in the sandbox."""
        number, seconds = self._known.get(problem_id, (0, 0.0))
        self._known[problem_id] = number + 1, seconds + wall_s
        self._all = self._all[0] + 1, self._all[1] + wall_s

    def expected_s(self, problem_id: str) -> float:
        """What a program of this problem is expected to take: the mean of its problem, else of the run."""
        number, seconds = self._known.get(problem_id, self._all)
        return seconds / number if number else UNKNOWN_S

    def cut(self, jobs: Sequence[ExecuteJob], alone: Set[SampleKey], waiting: int) -> Iterator[list[ExecuteJob]]:
        """The jobs in order, in batches; those of `alone` each by itself.

        `waiting`: programs of this run without a verdict, these included.
        """
        share = ceil(waiting / (SHARES * (self.slots or SLOTS_BEFORE_WORKERS)))
        most = min(MAX_BATCH, max(1, share))
        batch: list[ExecuteJob] = []
        left_s = BATCH_S
        for job in jobs:
            takes_s = self.expected_s(job.problem_id)
            full = len(batch) >= most or takes_s > left_s or (batch[-1:] and batch[-1].key in alone)
            if batch and (full or job.key in alone):
                yield batch
                batch, left_s = [], BATCH_S
            batch.append(job)
            left_s -= takes_s
        if batch:
            yield batch
