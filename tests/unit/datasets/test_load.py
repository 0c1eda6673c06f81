"""Source and selection to problems."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from farm.datasets.load import load_problems
from farm.datasets.reader import ReadLog
from farm.datasets.resolve import resolve
from farm.datasets.select import Selection
from farm.errors import DatasetError
from tests.unit.benchmarks.rows import row


def write(tmp_path: Path, *lines: bytes) -> Path:
    path = tmp_path / "set.jsonl"
    path.write_bytes(b"\n".join(lines))
    return path


def test_the_selected_problems_come_in_dataset_order(tmp_path: Path) -> None:
    path = write(tmp_path, *(row(question_id=f"p{n}", contest_date=f"2024-01-{n + 1:02}") for n in range(9)))
    selection = Selection(date_from=date(2024, 1, 4), limit=3)
    found = [problem.problem_id for problem in load_problems(resolve(path), selection)]
    assert len(found) == 3
    assert found == sorted(found)
    assert min(found) >= "p3"


def test_a_row_that_is_not_selected_needs_no_readable_tests(tmp_path: Path) -> None:
    path = write(tmp_path, row(question_id="a"), row(question_id="b", private_test_cases="!"))
    assert [p.problem_id for p in load_problems(resolve(path), Selection(ids=frozenset({"a"})))] == ["a"]
    with pytest.raises(DatasetError, match=":2: b: private_test_cases"):
        list(load_problems(resolve(path), Selection(ids=frozenset({"b"}))))


@pytest.mark.parametrize("selection", [Selection(), Selection(limit=3)])
def test_skipped_rows_are_counted_once_over_both_passes(tmp_path: Path, selection: Selection) -> None:
    path = write(
        tmp_path, b"1", row(question_id="a"), row(question_id="b", private_test_cases="!"), row(question_id="c")
    )
    log = ReadLog()
    found = [p.problem_id for p in load_problems(resolve(path), selection, skip_bad_rows=True, log=log)]
    assert (found, log.loaded, log.skipped) == (["a", "c"], 2, 2)


def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    text = "x" * 50_000  # beyond any read-ahead
    path = write(tmp_path, *(row(question_id=name, question_content=text) for name in "abc"))
    problems = load_problems(resolve(path), Selection(ids=frozenset("ac")))
    assert next(problems).problem_id == "a"
    write(tmp_path, *(row(question_id=name, question_content=text) for name in "xyz"))
    with pytest.raises(DatasetError, match=r"changed while it was read \(problem z\)"):
        list(problems)


def test_a_file_that_gets_shorter_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    text = "x" * 50_000
    lines = [row(question_id=name, question_content=text) for name in "abc"]
    problems = load_problems(resolve(write(tmp_path, *lines)), Selection(ids=frozenset("ac")))
    assert next(problems).problem_id == "a"
    write(tmp_path, *lines[:2])
    with pytest.raises(DatasetError, match=r"changed while it was read \(problem c\)"):
        list(problems)


def test_the_log_names_bad_rows_and_what_was_left_out(tmp_path: Path) -> None:
    names = ("a", "b", "c", "d")
    bad = {"b": "!"}
    path = write(tmp_path, *(row(question_id=n, private_test_cases=bad.get(n, "[]")) for n in names), b"{oops")
    log = ReadLog()
    selection = Selection(ids=frozenset("abc"), without=frozenset("ad"))
    assert [p.problem_id for p in load_problems(resolve(path), selection, skip_bad_rows=True, log=log)] == ["c"]
    assert [(bad.place, bad.problem_id) for bad in log.bad] == [("set.jsonl:5", ""), ("set.jsonl:2", "b")]
    assert log.bad[1].reason.startswith("private_test_cases is neither JSON nor base64")
    assert log.unselected == {"a", "d"}
    assert log.excluded == {"a"}, "d is left out by its id anyway"


def test_an_excluded_problem_does_not_use_up_the_limit(tmp_path: Path) -> None:
    path = write(tmp_path, *(row(question_id=f"p{n}") for n in range(6)))
    found = [p.problem_id for p in load_problems(resolve(path), Selection(limit=5, without=frozenset({"p1"})))]
    assert found == ["p0", "p2", "p3", "p4", "p5"]
