"""LiveCodeBench problems whose verdicts mean little, and why.

Source: LiveCodeBench's ERRATA.md and LiveCodeBench/LiveCodeBench#106. ERRATA names LeetCode problems by
their slug; the ids are those of release_v6.
"""

from __future__ import annotations

from farm.benchmarks.benchmark import Errata

SEVERAL_ANSWERS = "several answers are right, the tests accept one"
INTERACTIVE = "interactive: the tests cannot answer the program"
WRONG_TESTS = "some tests are wrong"


ERRATA = Errata(
    version="livecodebench-errata@1",
    problems={
        **dict.fromkeys(
            (
                "abc311_c", "abc326_d", "abc327_b", "abc333_e", "abc343_a", "abc343_e", "abc362_c", "arc185_c",
                "3194", "3221", "3453",
            ),
            SEVERAL_ANSWERS,
        ),
        **dict.fromkeys(("abc337_e", "abc355_e"), INTERACTIVE),
        **dict.fromkeys(("abc350_c", "arc189_a", "3308", "3363"), WRONG_TESTS),
    },
)  # fmt: skip
