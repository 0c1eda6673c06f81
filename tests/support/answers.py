"""A model that answers the bundled problems with their own solutions: right or wrong, by seed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from farm.benchmarks.sample import Solution, sample_path, sample_solutions
from farm.datasets.reader import read_problems
from farm.ids import sample_seed
from farm.records import SampleKey, Verdict

QUICK = (Verdict.PASSED, Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR)  # verdicts that cost no limit


class ScriptedModel:
    """Knows which solution each sample gets, and therefore which verdict."""

    def __init__(self, problem_ids: Sequence[str], seed: int = 42, *, distinct: bool = False) -> None:
        """`distinct`: a comment makes each answer another program, which farm must execute."""
        self.seed, self._distinct = seed, distinct
        wanted = set(problem_ids)
        self._statements = {p.statement: p.problem_id for p in read_problems(sample_path()) if p.problem_id in wanted}
        self._solutions = {
            problem_id: [s for s in sample_solutions(problem_id) if s.verdict in QUICK] for problem_id in wanted
        }

    def solution(self, problem_id: str, seed: int) -> Solution:
        """The solution for a request with this seed."""
        choices = self._solutions[problem_id]
        return choices[seed % len(choices)]

    def verdict(self, key: SampleKey) -> Verdict:
        """What the sample must get."""
        return self.solution(key.problem_id, sample_seed(self.seed, key.problem_id, key.index)).verdict

    def answer(self, prompt: str, seed: int) -> str:
        """For tests.support.model_server."""
        for statement, problem_id in self._statements.items():
            if statement in prompt:
                source = self.solution(problem_id, seed).source + (f"\n# {seed}" if self._distinct else "")
                return f"Here it is:\n```python\n{source}\n```\n"
        return "ready"  # the probe of the readiness check


def solved(prompt: str, seed: int) -> str:
    """A right answer to each bundled problem, whatever the seed; for tests.support.model_server."""
    for problem in read_problems(sample_path()):
        if problem.statement in prompt:
            right = next(s for s in sample_solutions(problem.problem_id) if s.verdict is Verdict.PASSED)
            return f"Here it is:\n```python\n{right.source}\n```\n"
    return "ready"


def gated(answer: Callable[[str, int], str], gate: Callable[[], None]) -> Callable[[str, int], str]:
    """`answer`, after `gate()` returned; the probe passes freely."""

    def wait(prompt: str, seed: int) -> str:
        text = answer(prompt, seed)
        if text != "ready":
            gate()
        return text

    return wait


class Gate:
    """Lets so many answers through and holds the rest until it is opened; for `gated`."""

    def __init__(self, allowed: int) -> None:
        self._free = threading.Semaphore(allowed)
        self._opened = threading.Event()
        self.held = 0

    def __call__(self) -> None:
        if not self._free.acquire(blocking=False):
            self.held += 1
            self._opened.wait(120)

    def open(self) -> None:
        self._opened.set()
