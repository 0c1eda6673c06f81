"""A gate that stops as soon as it knows: is the new build worse than the stored runs, by fewest problems?

The stored samples sort the problems into groups: how many of all but the last sample were solved. The last
ones say how often a problem of each group is solved again. Without a change the new build solves as many.
Two kinds of loss are looked for: all problems became harder by the same log odds, or some of them, whichever,
cannot be solved any more. The test follows the likelihood ratios of loss and no loss while results arrive,
in an order fixed before the first one: the groups that tell most come first. It fails on the mean of both
ratios and passes when neither kind is left, where its error rate is used up (Ville's inequality: without a
change a ratio exceeds 1/a with probability a at most, however often one looks). What is undecided at the
full set is decided there by the number of solved problems.

Half of `alpha` is for the way, half for the full set. Of `beta` a quarter is spent on the way: a group is a
mixture, and a loss that spares some of it looks smaller than the planned one (simulated: 12 % missed at half,
where 5 % was meant). A group's chance is not taken as known: both
hypotheses are averaged over what its held-out samples leave open. Nothing is assumed of how problems differ.
With one stored sample there is one group, so no order and no pairing; two runs or more tell much more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, floor, fsum, log, sqrt
from statistics import NormalDist
from typing import Literal

from farm.ids import sha256_hex

_GRID = 25  # chances of a group that are averaged over
_REACH = 4.0  # their span, in standard errors

Decision = Literal["PASS", "FAIL"]
Logs = tuple[tuple[float, float], ...]
Kind = tuple[int, int]  # samples that sort a problem, and how many of them were solved


@dataclass(frozen=True, slots=True)
class Group:
    """Problems with the same record: the chance of one to be solved, and what is open about it.

    `weights` are log weights of the chances whose logs follow, of solved and of not: without a loss, and with
    either kind.
    """

    kind: Kind
    problems: int
    kept: float
    lost: tuple[float, float]  # after a loss of either kind
    evidence: float  # samples that the chance rests on
    weights: tuple[float, ...]
    kept_logs: Logs
    lost_logs: tuple[Logs, Logs]

    def ratios(self, solved: int, asked: int) -> tuple[float, float]:
        """The log likelihood ratios of these results, loss of either kind over no loss."""
        kept = self._log(self.kept_logs, solved, asked)
        harder, broken = (self._log(logs, solved, asked) - kept for logs in self.lost_logs)
        return harder, broken

    def _log(self, logs: Logs, solved: int, asked: int) -> float:
        found = [w + solved * yes + (asked - solved) * no for w, (yes, no) in zip(self.weights, logs, strict=True)]
        top = max(found)
        return top + log(fsum(exp(value - top) for value in found))


@dataclass(frozen=True, slots=True)
class SequentialPlan:
    """The test, before any result. Rates are shares of one."""

    order: tuple[tuple[str, int], ...]  # problems to ask, each with the number of its group
    groups: tuple[Group, ...]
    alpha: float  # false alarms: FAIL without any change
    beta: float  # misses on the way: PASS with the whole loss
    loss: float  # of mean pass@1, that must be found
    score: float  # expected without change
    fail_above: float  # log likelihood ratio
    pass_below: float
    fail_at_most: int  # solved problems at the full set; below zero: it cannot fail there
    full_set_miss: float  # how often the full set alone would miss the loss

    @property
    def misses(self) -> float:
        """The stated bound of misses."""
        return min(1.0, self.beta + self.full_set_miss)


class SequentialTest:
    """The state of one gate: results are added in the plan's order."""

    def __init__(self, plan: SequentialPlan) -> None:
        self.plan = plan
        self.seen = 0  # problems of the plan that were passed over, with a result or without
        self.solved = 0
        self.missing = 0  # without a result
        self.decision: Decision | None = None
        self._counts = [[0, 0] for _ in plan.groups]  # solved and asked
        self._ratios = [(0.0, 0.0) for _ in plan.groups]

    @property
    def ratios(self) -> tuple[float, float]:
        """The log likelihood ratios so far, loss of either kind over no loss."""
        return fsum(harder for harder, _ in self._ratios), fsum(broken for _, broken in self._ratios)

    def add(self, solved: bool | None) -> Decision | None:
        """The next problem's result; None if it has none and never will. The decision, once there is one."""
        if self.decision is not None:
            return self.decision
        _, number = self.plan.order[self.seen]
        self.seen += 1
        if solved is None:
            self.missing += 1
        else:
            self.solved += solved
            counts = self._counts[number]
            counts[0] += solved
            counts[1] += 1
            self._ratios[number] = self.plan.groups[number].ratios(*counts)
        harder, broken = self.ratios
        if mean_of_logs(harder, broken) >= self.plan.fail_above:
            self.decision = "FAIL"
        elif max(harder, broken) <= self.plan.pass_below:
            self.decision = "PASS"
        elif self.seen == len(self.plan.order) and not self.missing:
            self.decision = "FAIL" if self.solved <= self.plan.fail_at_most else "PASS"
        return self.decision


def plan_sequential(
    stored: Mapping[str, Sequence[bool]], *, loss: float, alpha: float = 0.05, beta: float = 0.1
) -> SequentialPlan:
    """The test for problems with stored results, oldest first, to find a drop of `loss` in mean pass@1.

    ValueError if the stored score is not above the loss, without problems or for rates outside (0, 1).
    """
    if not stored or not all(stored.values()) or not 0 < alpha < 1 or not 0 < beta < 1:
        raise ValueError("a sequential gate needs problems with results, and error rates between 0 and 1")
    kinds = {problem_id: (len(row) - 1, sum(row[:-1])) for problem_id, row in stored.items()}
    chances = _chances(stored)
    sizes = Counter(kinds.values())
    score = fsum(chances[kind][0] * size for kind, size in sizes.items()) / len(stored)
    if not 0 < loss < score:
        raise ValueError(f"a loss of {loss * 100:g} points of {score * 100:.2f} % cannot be tested")
    shift = _shift([(chances[kind][0], size) for kind, size in sizes.items()], score - loss)
    groups = sorted(
        (_group(kind, size, *chances[kind], shift, loss / score) for kind, size in sizes.items()),
        key=lambda group: (sum(group.lost) - 2 * group.kept, group.kind),
    )
    number = {group.kind: i for i, group in enumerate(groups)}
    # By digest within a group: an order that has nothing to do with how hard a problem is
    order = sorted(((i, number[kinds[i]]) for i in stored), key=lambda p: (p[1], sha256_hex(p[0].encode())))
    none = _full_set(groups, [group.kept for group in groups])
    whole = [_full_set(groups, [group.lost[kind] for group in groups]) for kind in (0, 1)]
    at_most = floor(none.inv_cdf(alpha / 2) - 0.5)
    return SequentialPlan(
        order=tuple(order),
        groups=tuple(groups),
        alpha=alpha,
        beta=beta,
        loss=loss,
        score=score,
        fail_above=log(2 / alpha),
        pass_below=log(beta / 4),
        fail_at_most=at_most,
        full_set_miss=max(1 - each.cdf(at_most + 0.5) for each in whole) if at_most >= 0 else 1.0,
    )


def mean_of_logs(a: float, b: float) -> float:
    """The log of the mean of two numbers given by their logs."""
    return max(a, b) + log((1 + exp(-abs(a - b))) / 2)


def shifted(share: float, shift: float) -> float:
    """A chance whose log odds are moved by `shift`."""
    return 1 / (1 + (1 - share) / share * exp(-shift))


def _chances(stored: Mapping[str, Sequence[bool]]) -> dict[Kind, tuple[float, float]]:
    """By group: how often one more sample is solved, and on how many samples that rests.

    Each sample in turn is the held-out one: of a problem with c of n solved, c leave a group with c - 1 and
    are solved, n - c leave one with c and are not. The evidence is what the variance of that ratio (counts of
    problems as Poisson) would be a binomial of; never below the held-out samples themselves.
    """
    counts = Counter((len(row), sum(row)) for row in stored.values())
    kinds = {(len(row) - 1, sum(row[:-1])) for row in stored.values()}
    found = {}
    for size, solved in kinds:
        n = size + 1
        more, same = counts[(n, solved + 1)], counts[(n, solved)]
        yes, no = more * (solved + 1) / n, same * (n - solved) / n
        share = (yes + 0.5) / (yes + no + 1)
        evidence = yes + no
        if more and same:
            evidence = max(evidence, 1 / (share * (1 - share) * (1 / more + 1 / same)))
        found[(size, solved)] = (share, evidence + 1)
    return found


def _group(kind: Kind, problems: int, share: float, evidence: float, shift: float, broken: float) -> Group:
    """The chances of a group on a grid in log odds, with the weights of a beta distribution.

    A loss shifts them, or leaves of each the share that is not `broken`.
    """
    spread = 1 / sqrt(evidence * share * (1 - share))
    grid = [shifted(share, _REACH * spread * (2 * i / (_GRID - 1) - 1)) for i in range(_GRID)]
    grid = [min(1 - 1e-9, max(1e-9, p)) for p in grid]
    # In log odds the density of a beta distribution has the exponents a and b, without the -1
    logs = [evidence * (share * log(p) + (1 - share) * log(1 - p)) for p in grid]
    top = max(logs)
    total = top + log(fsum(exp(value - top) for value in logs))
    moved = ([shifted(p, shift) for p in grid], [p * (1 - broken) for p in grid])
    return Group(
        kind=kind,
        problems=problems,
        kept=share,
        lost=(shifted(share, shift), share * (1 - broken)),
        evidence=evidence,
        weights=tuple(value - total for value in logs),
        kept_logs=_logs(grid),
        lost_logs=(_logs(moved[0]), _logs(moved[1])),
    )


def _logs(chances: Sequence[float]) -> Logs:
    return tuple((log(p), log(1 - p)) for p in chances)


def _shift(chances: Sequence[tuple[float, int]], target: float) -> float:
    """The shift with which the mean of the chances, each so many times, is `target`; by bisection."""
    low, high = -40.0, 0.0
    problems = sum(times for _, times in chances)
    for _ in range(60):
        middle = (low + high) / 2
        if fsum(shifted(chance, middle) * times for chance, times in chances) / problems > target:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def _full_set(groups: Sequence[Group], chances: Sequence[float]) -> NormalDist:
    """How many problems of the full set are solved: their own chance, and what is open about their groups'."""
    mean = variance = 0.0
    for group, share in zip(groups, chances, strict=True):
        one = share * (1 - share)
        mean += group.problems * share
        variance += group.problems * one + group.problems**2 * one / group.evidence
    return NormalDist(mean, sqrt(variance))
