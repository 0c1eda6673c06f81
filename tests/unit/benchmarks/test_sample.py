"""The bundled problems: what the set holds. tests/integration/datasets/test_sample_set.py judges them."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from farm.benchmarks.sample import sample_path, sample_solutions
from farm.datasets.reader import read_problems
from farm.errors import DatasetError
from farm.records import Difficulty, Problem, Verdict


@pytest.fixture(scope="module")
def problems() -> list[Problem]:
    return list(read_problems(sample_path()))


def test_the_set_spans_kinds_and_difficulties(problems: list[Problem]) -> None:
    assert len(problems) >= 34
    assert min(Counter(problem.difficulty for problem in problems).values()) >= 8
    assert set(Counter(problem.difficulty for problem in problems)) == set(Difficulty) - {Difficulty.UNKNOWN}
    functional = sum(problem.functional for problem in problems)
    assert 12 <= functional <= len(problems) - 12
    assert len({problem.contest_date[:7] for problem in problems}) >= 5


def test_some_problems_are_short_enough_for_a_tiny_model(problems: list[Problem]) -> None:
    assert sum(len(problem.statement) <= 200 for problem in problems) >= 10


def test_each_problem_has_public_and_private_tests(problems: list[Problem]) -> None:
    for problem in problems:
        public = sum(test.public for test in problem.tests)
        assert 1 <= public <= 3, problem.problem_id
        assert len(problem.tests) - public >= 2, problem.problem_id


def test_functional_tests_are_json_and_name_the_method_of_the_starter_code(problems: list[Problem]) -> None:
    for problem in problems:
        if problem.func_name is None:
            assert problem.starter_code == ""
            continue
        assert f"    def {problem.func_name}(self, " in problem.starter_code
        for test in problem.tests:
            json.loads(test.output)
            for line in test.input.split("\n"):
                json.loads(line)


def test_both_forms_of_private_tests_occur_and_the_file_stays_small() -> None:
    rows = [json.loads(line) for line in sample_path().read_text(encoding="utf-8").splitlines()]
    assert {row["private_test_cases"][0] == "[" for row in rows} == {True, False}
    assert {row["platform"] for row in rows} == {"farm"}
    assert sample_path().stat().st_size < 1_500_000


def test_each_problem_has_a_reference_and_two_wrong_solutions(problems: list[Problem]) -> None:
    verdicts: Counter[Verdict] = Counter()
    for problem in problems:
        solutions = sample_solutions(problem.problem_id)
        assert [solution.verdict for solution in solutions].count(Verdict.PASSED) == 1
        assert (solutions[0].name, solutions[0].verdict) == ("reference", Verdict.PASSED)
        assert len(solutions) >= 3, problem.problem_id
        verdicts.update(solution.verdict for solution in solutions)
    assert min(verdicts[verdict] for verdict in (Verdict.WRONG_ANSWER, Verdict.TIME_LIMIT, Verdict.RUNTIME_ERROR)) >= 10
    assert verdicts[Verdict.MEMORY_LIMIT] >= 3
    assert verdicts[Verdict.OUTPUT_LIMIT] >= 1


@pytest.mark.parametrize("name", ["nothing", "", "..", "../solutions/farm_hello"])
def test_an_unknown_problem_has_no_solutions(name: str) -> None:
    with pytest.raises(DatasetError, match="has no problem"):
        sample_solutions(name)
