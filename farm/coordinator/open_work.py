"""The problems of a run that are still open, the verdicts so far, and the blobs that no job needs any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import fsum

from farm.ids import sha256_hex
from farm.ledger.ledger import PlannedProblem
from farm.records import UNSANDBOXED_LABEL, SampleKey, Verdict
from farm.scoring.statistics import clustered_wilson


class OpenWork:
    """Counts of one drive."""

    def __init__(self, problems: Mapping[str, PlannedProblem]) -> None:
        self._problems = problems
        self._open: dict[str, set[SampleKey]] = {}  # samples without a verdict, by problem
        self._suites: Counter[str] = Counter()  # open problems by the digest of their suite
        self._spent: list[str] = []
        self.verdicts: Counter[str] = Counter()
        self._judged: Counter[str] = Counter()  # samples with a verdict that counts, by problem
        self._passed: Counter[str] = Counter()

    def open(self, key: SampleKey) -> None:
        """Add a sample that is neither judged nor given up."""
        if key.problem_id not in self._open:
            self._open[key.problem_id] = set()
            self._suites[self._problems[key.problem_id].suite_digest] += 1
        self._open[key.problem_id].add(key)

    def known(self, problem_id: str, verdict: str, number: int) -> None:
        """Add verdicts of a problem that the ledger holds already. UNSANDBOXED_LABEL enters no score."""
        self.verdicts[verdict] += number
        if verdict != UNSANDBOXED_LABEL:
            self._judged[problem_id] += number
            self._passed[problem_id] += number if verdict == Verdict.PASSED else 0

    def judged(self, key: SampleKey, verdict: str) -> None:
        """Add a new verdict."""
        self.known(key.problem_id, verdict, 1)
        self.close([key])

    def score(self) -> list[float] | None:
        """pass@1 of the problems that have a verdict, and its 95 % interval; None before the first."""
        counts = [(n, self._passed[problem_id]) for problem_id, n in self._judged.items()]
        if not counts:
            return None
        interval = clustered_wilson(counts)
        return [fsum(passed / n for n, passed in counts) / len(counts), interval.low, interval.high]

    def close(self, keys: Iterable[SampleKey]) -> None:
        """Samples are finished; with a problem's last one its blobs are spent."""
        for key in keys:
            left = self._open.get(key.problem_id, set())
            if key not in left:
                continue  # a late verdict on a sample that was given up
            left.remove(key)
            if not left:
                del self._open[key.problem_id]
                self._spend(self._problems[key.problem_id])

    def _spend(self, row: PlannedProblem) -> None:
        self._suites[row.suite_digest] -= 1
        if not self._suites[row.suite_digest]:  # another open problem may have the same tests
            self._spent.append(row.suite_digest)
        if row.prompt is not None:
            self._spent.append(sha256_hex(row.prompt.encode()))

    def take_spent(self) -> list[str]:
        """Digests that may be dropped from Redis; each is told once."""
        spent, self._spent = self._spent, []
        return spent
