"""What another tool says of an imported run's answers, and where its verdicts differ from farm's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.records import Verdict
from farm.text import one_line

SHOWN = 50  # problems


def compared_with(tool: str, scores: Mapping[str, float], ledger: Ledger, run_id: str) -> Iterator[str]:
    """Both scores over the problems that both have, in lines for people, and the problems whose share differs.

    `scores` is the share of right answers by problem, as the tool says. Nothing if it says nothing.
    """
    passed: dict[str, list[bool]] = defaultdict(list)
    for key, verdict in history.verdicts(ledger, run_id).items():
        passed[key.problem_id].append(verdict is Verdict.PASSED)
    ours = {name: sum(found) / len(found) for name, found in passed.items() if name in scores}
    if not ours:
        return
    differing = [name for name, share in ours.items() if abs(share - scores[name]) > 1e-9]
    theirs = sum(scores[name] for name in ours) / len(ours)
    yield (
        f"{tool}'s own score of these {len(ours)} problems is {100 * theirs:.2f}, farm's {_mean(ours):.2f}; "
        f"{len(differing)} differ"
    )
    for name in differing[:SHOWN]:
        yield f"  {one_line(name)}: {100 * scores[name]:.0f} % of its answers pass there, {100 * ours[name]:.0f} % here"
    if len(differing) > SHOWN:
        yield f"  and {len(differing) - SHOWN} more"


def _mean(shares: Mapping[str, float]) -> float:
    return 100 * sum(shares.values()) / len(shares)
