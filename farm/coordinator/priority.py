"""The order of generating: longest expected first, so that a run does not end with a few long answers.

A server with 32 slots is full as long as there is more to send than it has room for; what remains is the
tail, in which slots run empty one by one. The tail is short if long answers begin early. How long
an answer will be is known only roughly: hard problems and long statements have longer ones, and the
samples of one problem resemble each other. So hard problems go out before easy ones, and the first answer to
a problem tells how long its others will be; the expected length of a problem that was
never asked is multiplied by CURIOSITY, because its first answer is worth knowing. Pure.
"""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from farm.records import SampleKey

# What answers weigh before one is seen, against each other; the unit does not matter.
PRIOR = {"easy": 400.0, "medium": 900.0, "hard": 1600.0}
UNKNOWN = 900.0
CURIOSITY = 1.3  # what a problem of which nothing was sent yet counts for, times its expectation
PROMPT_SHARE = 0.25  # of a token of the answer, for each byte of the prompt: breaks ties


@dataclass(slots=True)
class _Mean:
    total: float = 0.0
    count: int = 0

    def add(self, value: float) -> None:
        self.total += value
        self.count += 1

    @property
    def value(self) -> float:
        return self.total / self.count


class LongestFirst:
    """A queue of samples: `popleft` gives the one whose answer is expected to be the longest.

    Of equal ones the one that came first. `learn` may be told of any sample, in this queue or not.
    """

    def __init__(self, prior: Mapping[str, tuple[str, int]]) -> None:
        """`prior`: of each problem its difficulty and the length of its prompt, in bytes."""
        self._difficulty = {problem_id: difficulty for problem_id, (difficulty, _) in prior.items()}
        self._prompt = {problem_id: PROMPT_SHARE * size for problem_id, (_, size) in prior.items()}
        self._seen: dict[str, _Mean] = defaultdict(_Mean)  # by problem
        self._of_difficulty: dict[str, _Mean] = defaultdict(_Mean)
        self._keys: dict[str, deque[SampleKey]] = {}  # by problem, in order of arrival
        self._rank: dict[str, int] = {}  # problems in order of arrival
        self._begun: set[str] = set()  # problems of which a sample was sent or answered
        self._heap: list[tuple[float, int, str]] = []
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def append(self, key: SampleKey) -> None:
        """Add a sample."""
        self._rank.setdefault(key.problem_id, len(self._rank))
        waiting = self._keys.setdefault(key.problem_id, deque())
        waiting.append(key)
        self._size += 1
        if len(waiting) == 1:
            self._push(key.problem_id)

    def extendleft(self, keys: Iterable[SampleKey]) -> None:
        """As a deque has it; what is added has its place by its length all the same."""
        for key in keys:
            self.append(key)

    def popleft(self) -> SampleKey:
        """Take the sample to send next. Raises IndexError when there is none."""
        while True:
            if not self._heap:
                raise IndexError("no sample is left")
            entry = heapq.heappop(self._heap)
            problem_id = entry[-1]
            waiting = self._keys.get(problem_id)
            if not waiting:
                continue  # left behind by an entry that was pushed twice
            if entry != self._entry(problem_id):
                heapq.heappush(self._heap, self._entry(problem_id))  # something was learnt since it was pushed
                continue
            key = waiting.popleft()
            self._size -= 1
            self._begun.add(problem_id)
            if waiting:
                self._push(problem_id)
            return key

    def learn(self, problem_id: str, tokens: int) -> None:
        """An answer to this problem had so many tokens."""
        self._seen[problem_id].add(tokens)
        self._of_difficulty[self._difficulty.get(problem_id, "")].add(tokens)
        self._begun.add(problem_id)
        if self._keys.get(problem_id):
            self._push(problem_id)

    def expected(self, problem_id: str) -> float:
        """How long an answer to this problem is expected to be."""
        seen = self._seen.get(problem_id)
        if seen is not None:
            return seen.value
        difficulty = self._difficulty.get(problem_id, "")
        alike = self._of_difficulty.get(difficulty)
        return (alike.value if alike else PRIOR.get(difficulty, UNKNOWN)) + self._prompt.get(problem_id, 0.0)

    def _entry(self, problem_id: str) -> tuple[float, int, str]:
        worth = self.expected(problem_id) * (1.0 if problem_id in self._begun else CURIOSITY)
        return -worth, self._rank[problem_id], problem_id

    def _push(self, problem_id: str) -> None:
        heapq.heappush(self._heap, self._entry(problem_id))
