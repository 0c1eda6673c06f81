"""The errata overlay: what it lists, and that it reaches nothing by itself."""

from __future__ import annotations

import pytest

from farm.benchmarks.livecodebench.errata import INTERACTIVE, SEVERAL_ANSWERS, WRONG_TESTS
from farm.benchmarks.registry import errata_of


def test_the_lists_are_livecodebench_s() -> None:
    errata = errata_of("livecodebench")
    assert errata.version == "livecodebench-errata@1"
    reasons = list(errata.problems.values())
    assert [reasons.count(reason) for reason in (SEVERAL_ANSWERS, INTERACTIVE, WRONG_TESTS)] == [11, 2, 4]
    assert errata.problems["abc337_e"] == INTERACTIVE
    assert errata.problems["3308"] == WRONG_TESTS


@pytest.mark.parametrize("dataset", ["sample", "humaneval", "mbpp", ""])
def test_other_datasets_have_none(dataset: str) -> None:
    assert (errata_of(dataset).version, errata_of(dataset).problems) == ("", {})
