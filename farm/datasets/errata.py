"""Errata: problems whose verdicts mean little, as named and versioned data.

They never change a score by themselves. A report says which of its problems carry one and gives a
second score without them; `--exclude-errata` leaves them out of a run.

Source: LiveCodeBench's ERRATA.md and LiveCodeBench/LiveCodeBench#106. ERRATA names LeetCode problems by
their slug; the ids are those of release_v6.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SEVERAL_ANSWERS = "several answers are right, the tests accept one"
INTERACTIVE = "interactive: the tests cannot answer the program"
WRONG_TESTS = "some tests are wrong"


@dataclass(frozen=True, slots=True)
class Errata:
    """What is known to be wrong with a dataset. `version` is empty where nobody keeps such a list."""

    version: str
    problems: dict[str, str] = field(default_factory=dict)  # problem id -> reason


LIVECODEBENCH = Errata(
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

_ERRATA = {"livecodebench": LIVECODEBENCH}


def errata_of(dataset: str) -> Errata:
    """The errata of a dataset by its name (`DatasetSource.dataset`); empty ones where none are kept."""
    return _ERRATA.get(dataset, Errata(version=""))
