"""Each checker with right answers that are not the expected one, and with wrong ones."""

from __future__ import annotations

import pytest

from farm.benchmarks.checker import Wrong
from farm.benchmarks.livecodebench.answer_rules import RULES
from farm.benchmarks.registry import checker_of
from tests.unit.judging.checker_instances import INSTANCES, PATH_OF_6, Instance

RIGHT = [(i, answer) for i in INSTANCES for answer in i.right]
WRONG = [(i, answer) for i in INSTANCES for answer in i.wrong]
HOSTILE = (
    "9" * 1_000_000,
    "-" * 100_000,
    "1 " * 300_000,
    "\x00",
    "\ud800",
    "1e9",
    "0x10",
    "１ ２",
    "1_0 1_0",
    "inf nan",
    "[" * 100_000,
)


def checked(instance: Instance, answer: str) -> str | None:
    try:
        checker_of(f"livecodebench/{instance.checker}@1")(instance.given, instance.expected, answer)
    except Wrong as wrong:
        return str(wrong)
    return None


@pytest.mark.parametrize(("instance", "answer"), RIGHT, ids=lambda part: getattr(part, "checker", repr(part)[:20]))
def test_right(instance: Instance, answer: str) -> None:
    assert checked(instance, answer) is None


@pytest.mark.parametrize(("instance", "answer"), WRONG, ids=lambda part: getattr(part, "checker", repr(part)[:20]))
def test_wrong(instance: Instance, answer: str) -> None:
    assert checked(instance, answer)


@pytest.mark.parametrize("instance", INSTANCES, ids=lambda instance: instance.checker)
def test_hostile_answers_are_wrong_and_nothing_else(instance: Instance) -> None:
    for answer in HOSTILE:
        for text in (answer, f"Yes\n{answer}", f"{instance.expected.split()[0]}\n{answer}"):
            if text.split() != instance.expected.split():
                assert checked(instance, text), text[:40]


def test_each_problem_with_several_answers_has_a_checker() -> None:
    named = {rule.checker for rule in RULES.values() if rule.checker}
    assert named == {f"livecodebench/{instance.checker}@1" for instance in INSTANCES}


@pytest.mark.parametrize(
    "name",
    ["livecodebench/abc311_c@2", "livecodebench/abc311_c", "abc311_c@1", "humaneval/abc311_c@1", "os/system@1", ""],
)
def test_another_name_or_version_is_no_checker(name: str) -> None:
    with pytest.raises(LookupError, match="checker"):
        checker_of(name)


@pytest.mark.parametrize(
    ("checker", "given", "expected", "better"),
    [
        ("abc333_e", "3\n1 1\n1 1\n2 1\n", "2\n1 1\n", "1\n0 1"),
        ("abc396_e", "2 1\n1 2 3\n", "1 3\n", "0 3"),
        ("abc398_f", "AB\n", "ABBA\n", "ABA"),
        ("arc183_d", PATH_OF_6, "1 2\n3 6\n4 5\n", "1 6\n2 5\n3 4"),
        ("arc190_a", "1 2\n1 1\n1 1\n", "2\n1 1\n", "1\n1 0"),
        ("arc185_c", "3 3\n1 1 1\n", "-1\n", "1 2 3"),
    ],
)
def test_an_answer_better_than_the_expected_one_is_the_tests_fault(
    checker: str, given: str, expected: str, better: str
) -> None:
    with pytest.raises(ValueError, match="expected output"):
        checker_of(f"livecodebench/{checker}@1")(given, expected, better)


def test_a_large_tree_takes_seconds() -> None:
    """The slowest checker on its largest input, a path: the bound of `checking` must be far away."""
    n = 250_000
    edges = [(i, i + 1) for i in range(1, n, 2)] + [(i, i + 1) for i in range(2, n, 2)]
    given = f"{n}\n" + "\n".join(f"{a} {b}" for a, b in edges)
    outer = "\n".join(f"{i} {n + 1 - i}" for i in range(1, n // 2 + 1))
    swapped = "\n".join(f"{n + 1 - i} {i}" for i in range(1, n // 2 + 1))
    checker_of("livecodebench/arc183_d@1")(given, outer, swapped)
