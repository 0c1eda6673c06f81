"""The errata overlay: what it lists, and that it reaches nothing by itself."""

from __future__ import annotations

from collections import Counter

import pytest

from farm.benchmarks.livecodebench.errata import (
    ANY_CASE,
    ANY_ORDER,
    INTERACTIVE,
    SEVERAL_ANSWERS,
    TOLERANCE,
    WRONG_TESTS,
)
from farm.benchmarks.registry import errata_of


def test_the_lists_are_those_of_the_statements_and_livecodebench_s() -> None:
    errata = errata_of("livecodebench")
    assert errata.version == "livecodebench-errata@2"
    both = f"{SEVERAL_ANSWERS}; {WRONG_TESTS}"
    assert Counter(errata.problems.values()) == {
        SEVERAL_ANSWERS: 19, both: 1, TOLERANCE: 11, ANY_CASE: 5, ANY_ORDER: 4, INTERACTIVE: 2, WRONG_TESTS: 3,
    }  # fmt: skip
    assert errata.problems["abc337_e"] == INTERACTIVE
    assert errata.problems["abc350_c"] == both
    assert errata.problems["3308"] == WRONG_TESTS


@pytest.mark.parametrize("dataset", ["sample", "humaneval", "mbpp", ""])
def test_other_datasets_have_none(dataset: str) -> None:
    assert (errata_of(dataset).version, errata_of(dataset).problems) == ("", {})
