"""Other tools' files: whose answers, which ids, and what they say of them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from farm.datasets.foreign import own_scores, read_foreign
from farm.errors import DatasetError

ANSWER = "```python\nprint(1)\n```"


def lcb(folder: Path, *rows: object) -> Path:
    path = folder / "Scenario.codegeneration_1_0.2_eval_all.json"
    path.write_text(json.dumps(rows))
    return path


def lm_eval(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "samples_task_2026.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def sample(document: dict[str, Any], *answers: object, **more: Any) -> dict[str, Any]:
    return {"doc_id": 0, "doc": document, "resps": [list(answers)], "filter": "none", "metrics": ["acc"], **more}


def rows(path: Path) -> list[tuple[str, int, str | None, str | None, int]]:
    return [(row.question_id, row.index, row.output, row.code, row.row) for row in read_foreign(path)]


def test_livecodebenchs_answers_and_programs_are_both_kept(tmp_path: Path) -> None:
    path = lcb(
        tmp_path,
        {
            "question_id": "a",
            "output_list": [ANSWER, None],
            "code_list": ["print(1)", None],
            "graded_list": [True, False],
        },
        {"question_id": 7, "output_list": [ANSWER]},
        {"question_id": "c", "code_list": ["print(1)"], "graded_list": [True]},
    )
    assert rows(path) == [
        ("a", 0, ANSWER, "print(1)", 1), ("a", 1, "", "", 1), ("7", 0, ANSWER, None, 2), ("c", 0, None, "print(1)", 3),
    ]  # fmt: skip
    assert own_scores(path) == {"a": 0.5, "c": 1.0}


def test_a_document_of_lm_eval_has_the_id_that_its_benchmark_gives_it(tmp_path: Path) -> None:
    mbpp = {"task_id": 17, "text": "t", "code": "", "test_list": []}
    path = lm_eval(
        tmp_path,
        sample(mbpp, ANSWER, acc=1.0),
        sample({"task_id": 18}, ANSWER),
        sample({"problem_id": "x"}, None, "", acc=0.5),
    )
    assert rows(path) == [
        ("MBPP/17", 0, ANSWER, None, 1), ("18", 0, ANSWER, None, 2), ("x", 0, "", None, 3), ("x", 1, "", None, 3),
    ]  # fmt: skip
    assert own_scores(path) == {"MBPP/17": 1.0, "x": 0.5}
    zipped = path.with_suffix(".jsonl.gz")
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    assert rows(zipped) == rows(path)


def test_a_share_that_is_none_says_nothing(tmp_path: Path) -> None:
    scored = [("a", 1.5), ("b", -1), ("c", float("nan")), ("d", "1"), ("e", 1)]
    path = lm_eval(tmp_path, *(sample({"question_id": name}, ANSWER, acc=score) for name, score in scored))
    assert own_scores(path) == {"e": 1.0}


def test_what_an_export_made_an_answer_of_is_a_program_again(tmp_path: Path) -> None:
    answers, given = [ANSWER, "print(2)", ANSWER], [True, True, False]
    wanted = [("a", 0, None, "print(1)", 1), ("a", 1, None, "print(2)", 1), ("a", 2, ANSWER, None, 1)]
    assert rows(lm_eval(tmp_path, sample({"question_id": "a"}, *answers, given_as_code=given))) == wanted
    assert rows(lcb(tmp_path, {"question_id": "a", "output_list": answers, "given_as_code": given})) == wanted
    for not_given in ([True], "yes", None):
        path = lcb(tmp_path, {"question_id": "a", "output_list": answers, "given_as_code": not_given})
        assert [row.output for row in read_foreign(path)] == answers


@pytest.mark.parametrize(
    ("filtered", "codes"),
    [
        (["print(1)", "print(2)"], ["print(1)", "print(2)"]),
        ([["print(1)", "print(2)"]], ["print(1)", "print(2)"]),
        ([ANSWER, ANSWER], [None, None]),  # the filter does nothing
        (["print(1)"], [None, None]),  # one of the answers was chosen
        ([1, 2], [None, None]),
        (None, [None, None]),
    ],
)
def test_what_a_filter_extracted_is_the_program(tmp_path: Path, filtered: object, codes: list[str | None]) -> None:
    path = lm_eval(tmp_path, sample({"question_id": "a"}, ANSWER, ANSWER, filtered_resps=filtered))
    assert [row.code for row in read_foreign(path)] == codes


def test_two_filters_of_one_document_are_one_answer(tmp_path: Path) -> None:
    first = sample({"question_id": "a"}, ANSWER, filter="strict", acc=1.0)
    path = lm_eval(tmp_path, first, sample({"question_id": "a"}, ANSWER, filter="flexible", acc=0.0))
    assert rows(path) == [("a", 0, ANSWER, None, 1)]
    assert own_scores(path) == {"a": 1.0}
    for second in (first, sample({"question_id": "a"}, "other", filter="flexible")):
        with pytest.raises(DatasetError, match=r"samples_task_2026\.jsonl:2: problem 'a' is given in row 1 already"):
            rows(lm_eval(tmp_path, first, second))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[", "is no JSON"),
        ("5", "a list of problems is wanted"),
        ("[1]", ":1: an object is wanted, not a number"),
        ('[{"question_id": "p"}]', ":1: question_id with output_list or code_list is wanted"),
        ('[{"question_id": "p", "output_list": [1]}]', ":1: output_list: texts are wanted, not a number"),
        ('[{"question_id": "p", "output_list": ["a"], "code_list": []}]', "1 answers in output_list, 0 in code_list"),
        ('[{"question_id": "p", "question_id": "q", "code_list": []}]', "key 'question_id' occurs twice"),
        (
            '[{"question_id": "p", "code_list": [""]}, {"question_id": "p", "code_list": [""]}]',
            ":2: problem 'p' is given in",
        ),
        ("[]", "the file holds no completion"),
    ],
)
def test_what_is_no_output_of_livecodebench_names_the_users_file(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(DatasetError) as caught:
        rows(path)
    assert str(caught.value).startswith(str(path))
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({}, "a sample of lm-eval is wanted"),
        (sample({}, ANSWER), "one of question_id, problem_id, task_id in its doc"),
        (sample({"question_id": "a"}, 5), "resps: texts are wanted, not a number"),
        ({"doc": {"question_id": "a"}, "resps": ["x"]}, "a sample of lm-eval is wanted"),
    ],
)
def test_what_is_no_sample_of_lm_eval_is_named_with_its_row(tmp_path: Path, row: dict[str, Any], reason: str) -> None:
    with pytest.raises(DatasetError) as caught:
        rows(lm_eval(tmp_path, sample({"question_id": "first"}, ANSWER), row))
    assert "samples_task_2026.jsonl:2: " in str(caught.value) and reason in str(caught.value)
