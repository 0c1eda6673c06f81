"""What is in a dataset: problems by difficulty and platform, dates, tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from farm.benchmarks.registry import errata_of
from farm.datasets.reader import ReadLog, read_problems
from farm.datasets.resolve import DatasetSource
from farm.records import Difficulty, Problem


@dataclass
class Summary:
    """Counts over the readable problems of a dataset."""

    problems: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    public_tests: int = 0
    private_tests: int = 0
    most_tests: tuple[int, str] = (0, "")  # number, problem
    first_date: str = ""  # ISO 8601 day; empty: no problem has one
    last_date: str = ""
    by_difficulty: Counter[str] = field(default_factory=Counter)
    by_platform: Counter[str] = field(default_factory=Counter)
    flawed: list[str] = field(default_factory=list)  # ids that carry an erratum
    bad_rows: list[str] = field(default_factory=list)

    def add(self, problem: Problem) -> None:
        """Count one more problem in."""
        self.problems += 1
        self.kinds["Python" if problem.asserts else "functional" if problem.functional else "stdin"] += 1
        public = sum(test.public for test in problem.tests)
        self.public_tests += public
        self.private_tests += len(problem.tests) - public
        self.most_tests = max(self.most_tests, (len(problem.tests), problem.problem_id))
        self.by_difficulty[problem.difficulty.value] += 1
        self.by_platform[problem.platform or Difficulty.UNKNOWN.value] += 1
        day = problem.contest_date[:10]
        if day:
            self.first_date = min(self.first_date or day, day)
            self.last_date = max(self.last_date, day)


def summarize(source: DatasetSource, on_problem: Callable[[int], None]) -> Summary:
    """Reads the whole dataset, tests too, one problem at a time. DatasetError if it holds none."""
    log, summary, errata = ReadLog(), Summary(), errata_of(source.dataset)
    for problem in read_problems(source.paths, skip_bad_rows=True, log=log):
        summary.add(problem)
        if problem.problem_id in errata.problems:
            summary.flawed.append(problem.problem_id)
        on_problem(summary.problems)
    summary.bad_rows = log.reasons
    return summary
