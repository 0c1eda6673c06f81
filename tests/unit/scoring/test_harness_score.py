"""The score of a run that lm-eval scores, and tt-inference-server's check of it."""

from __future__ import annotations

from typing import Any

import pytest

from farm.records import Reference
from farm.scoring.accuracy import AccuracyCheck, subset_check
from farm.scoring.harness.score import check, score_of

FIGURES = {"exact_match,none": 0.625, "acc,none": 0.5, "acc_stderr,none": 0.1, "text": "N/A", "nan": float("nan")}


@pytest.mark.parametrize(
    ("keys", "func", "score"),
    [
        (("exact_match,none",), "score_task_single_key", 62.5),
        (("exact_match,none", "acc,none"), "score_task_single_key", 62.5),  # the first alone, as there
        (("exact_match,none", "acc,none"), "score_task_keys_mean", 56.25),
        (("exact_match,none", "absent"), "score_task_keys_mean", None),
        (("absent", "acc,none"), "score_task_single_key", None),
        (("text",), "score_task_single_key", None),
        (("nan",), "score_task_single_key", None),
        ((), "", None),
    ],
)
def test_which_figures_are_the_score(keys: tuple[str, ...], func: str, score: float | None) -> None:
    assert score_of("t", keys, func, {"t": FIGURES}) == score


def test_the_keys_of_a_group_may_lie_in_its_tasks() -> None:
    keys = (("a", "exact_match,none"), ("b", "exact_match,none"))
    results = {"a": {"exact_match,none": 0.5}, "b": {"exact_match,none": 1.0}}
    assert score_of("both", keys, "score_multilevel_keys_mean", results) == 75.0
    assert score_of("both", keys, "score_multilevel_keys_mean", {"a": results["a"]}) is None


def reference(score: float, label: Any = "gpu_reference", **changes: Any) -> Reference:
    return Reference(label=label, score=score, **changes)


@pytest.mark.parametrize(
    ("score", "references", "answer"),
    [
        (57.0, [reference(60.0)], AccuracyCheck.PASS),  # a tie passes
        (56.9, [reference(60.0)], AccuracyCheck.FAIL),
        (56.9, [reference(60.0, tolerance=0.1)], AccuracyCheck.PASS),
        (56.9, [reference(60.0), reference(10.0, "published")], AccuracyCheck.FAIL),
        (56.9, [reference(10.0, "published"), reference(60.0)], AccuracyCheck.FAIL),
        (56.9, [reference(10.0, "published")], AccuracyCheck.PASS),
        (56.9, [reference(60.0, unlike=("all documents",))], AccuracyCheck.NA),
        (None, [reference(60.0)], AccuracyCheck.NA),
        (56.9, [], AccuracyCheck.NA),
    ],
)
def test_the_ratio_decides_on_all_documents(
    score: float | None, references: list[Reference], answer: AccuracyCheck
) -> None:
    assert check(score, references, 0.05, 1000)[0] is answer


def test_on_a_subset_whole_documents_decide() -> None:
    subset = reference(80.0, subset=True)
    assert check(60.0, [subset, reference(80.0)], 0.05, 5) == (AccuracyCheck.PASS, subset)  # 3 of floor(3.8)
    assert check(40.0, [subset], 0.05, 5)[0] is AccuracyCheck.FAIL
    assert check(60.0, [reference(80.0)], 0.05, 5)[0] is AccuracyCheck.FAIL


@pytest.mark.parametrize("documents", [1, 3, 7, 40, 198])
@pytest.mark.parametrize("wanted", [0.0, 33.3, 80.0, 100.0])
def test_the_subset_rule_is_a_whole_number_of_documents(documents: int, wanted: float) -> None:
    passes = [
        solved
        for solved in range(documents + 1)
        if subset_check(100 * solved / documents, documents, wanted, 0.1) is AccuracyCheck.PASS
    ]
    least = int(documents * wanted / 100 * 0.9 + 1e-9)
    assert passes == list(range(least, documents + 1))
