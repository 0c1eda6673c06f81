"""lm-evaluation-harness's rule for a block of MBPP on answers that no one wrote by hand."""

from __future__ import annotations

from farm.benchmarks.mbpp import lm_eval_block


def test_a_long_word_without_a_closing_fence_takes_one_pass() -> None:
    """A search that gives back letter by letter takes hours here."""
    assert lm_eval_block("x" * 2_000_000, "") == ""
    assert lm_eval_block("def f(x):\n    pass\n```", "") == " f(x):\n    pass"
