"""Which problems accept other answers than the recorded one (tolerance, any order, any case, a checker). Data.

Read from the statements of release_v6: 42 of its 1,055 problems. The tests hold one answer each, so a comparison with
it fails right answers; mode `judge` uses these rules instead (docs/protocols.md, section 7).
"""

from __future__ import annotations

from farm.benchmarks.livecodebench.checkers import CHECKERS
from farm.records import AnswerRule

_EITHER = {  # the error may be absolute or relative
    "abc314_e": 1e-5, "abc315_f": 1e-5, "abc324_f": 1e-9, "abc327_e": 1e-6, "abc350_e": 1e-6, "abc374_d": 1e-6,
    "abc375_b": 1e-6, "abc392_d": 1e-8,
}  # fmt: skip

RULES: dict[tuple[str, str], AnswerRule] = {
    **{("atcoder", name): AnswerRule(absolute=error, relative=error) for name, error in _EITHER.items()},
    ("atcoder", "abc319_c"): AnswerRule(absolute=1e-8),
    # "Note that -1.000 or similar outputs would be considered incorrect"
    ("atcoder", "abc385_f"): AnswerRule(absolute=1e-9, relative=1e-9, exact=("-1",)),
    ("leetcode", "3763"): AnswerRule(absolute=1e-5),
    **{("atcoder", name.partition("@")[0]): AnswerRule(checker=f"livecodebench/{name}") for name in CHECKERS},
    **dict.fromkeys((("leetcode", name) for name in ("3194", "3221", "3234", "3453")), AnswerRule(any_order=True)),
    **dict.fromkeys((("codeforces", name) for name in ("1873_A", "1883_B")), AnswerRule(any_case=True)),
    **dict.fromkeys((("atcoder", name) for name in ("abc395_a", "arc192_a", "arc192_b")), AnswerRule(any_case=True)),
    **dict.fromkeys((("atcoder", name) for name in ("abc337_e", "abc355_e")), AnswerRule(interactive=True)),
}


def rule_of(platform: str, problem_id: str) -> AnswerRule | None:
    """The rule of a problem; None if its expected output alone is right, as far as is known."""
    return RULES.get((platform, problem_id))
