"""Which problem an answer is for: by id in several forms, by place, by what was asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.datasets.completions import CompletionRow
from farm.datasets.problem_names import ProblemNames
from farm.errors import DatasetError

NAMES = ProblemNames(
    ["MBPP/2", "MBPP/17", "x/17", "Other"], ["Add two.", "Add two. Then print.", "", "Sort."], left_out={"MBPP/3"}
)
WHOLE = ProblemNames(["a", "b"], ["Add.", "Sort."], left_out=())
PATH = Path("answers.jsonl")


def row(question_id: str = "", place: int | None = None, asked: str = "") -> CompletionRow:
    return CompletionRow(question_id, 0, "x", None, 5, place=place, asked=asked)


@pytest.mark.parametrize(
    ("given", "meant"),
    [("MBPP/2", "MBPP/2"), ("Mbpp/2", "MBPP/2"), ("2", "MBPP/2"), ("other", "Other"), ("MBPP/3", None), ("3", None)],
)
def test_an_id_in_other_case_or_without_its_prefix(given: str, meant: str | None) -> None:
    assert NAMES.find(row(given), PATH) == meant


@pytest.mark.parametrize("given", ["17", "no such", "4"])
def test_an_id_that_means_no_problem_or_several_is_named(given: str) -> None:
    with pytest.raises(DatasetError, match=rf"answers\.jsonl:5: problem '{given}' is not in the dataset; .*'MBPP/2'"):
        NAMES.find(row(given), PATH)


def test_a_place_is_one_of_the_runs_problems() -> None:
    assert WHOLE.find(row(place=1), PATH) == "b"
    with pytest.raises(DatasetError, match="answers to more problems than the 2 of this run"):
        WHOLE.find(row(place=2), PATH)


def test_what_was_asked_holds_the_statement_and_the_longest_one_counts() -> None:
    assert NAMES.find(row(asked="### Question: Add two. Then print.\n"), PATH) == "MBPP/17"
    assert NAMES.find(row(asked="Unknown, so it may be of those that are left out"), PATH) is None
    with pytest.raises(DatasetError, match="the statement of no problem"):
        WHOLE.find(row(asked="Unknown"), PATH)
