"""Judging a program several times: the mark of one whose verdicts differ, and what follows from the option."""

from __future__ import annotations

import itertools

import click
import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from farm.app.requests import Judging
from farm.cli.options.run import JUDGING
from farm.judging.repeats import judged_repeatedly
from farm.ledger.executions import execution_digest, steady
from farm.ledger.spec_differences import spec_differences
from farm.records import CaseResult, JudgeSpec, Limits, SampleKey, SampleResult, Verdict, VerdictCount
from farm.sandbox.api import Evaluation
from farm.scoring.differences import differences
from farm.scoring.report import Versions
from tests.unit.plans import PROGRAM, SUITE_DIGEST, result, spec

PASS = Evaluation(Verdict.PASSED, None, (CaseResult(index=0, verdict=Verdict.PASSED),))
WRONG = Evaluation(Verdict.WRONG_ANSWER, 0, (CaseResult(index=0, verdict=Verdict.WRONG_ANSWER),))
WRONG_LATER = Evaluation(Verdict.WRONG_ANSWER, 1, (PASS.cases[0], CaseResult(index=1, verdict=Verdict.WRONG_ANSWER)))
SEEN = (
    VerdictCount(verdict=Verdict.WRONG_ANSWER, first_failure=0, times=1),
    VerdictCount(verdict=Verdict.PASSED, times=2),
)


def judged(*evaluations: Evaluation) -> Evaluation:
    script = iter(evaluations)
    made = judged_repeatedly(lambda: next(script), len(evaluations))
    assert list(script) == [], "each repeat is made"
    return made


def marked(*seen: VerdictCount, repeats: int = 3) -> SampleResult:
    judge = JudgeSpec(repeats=repeats)
    return result(SampleKey("p1", 0), Verdict.WRONG_ANSWER, judge=judge, verdicts_seen=seen)


def test_what_is_always_judged_the_same_has_no_mark() -> None:
    for times in (1, 5):
        assert judged(*itertools.repeat(PASS, times)) == PASS


def test_verdicts_that_differ_are_counted_and_the_first_one_stands() -> None:
    made = judged(WRONG, PASS, PASS)
    assert (made.verdict, made.first_failure, made.cases) == (WRONG.verdict, 0, WRONG.cases)
    assert made.verdicts_seen == SEEN


def test_the_same_verdict_at_another_test_is_another_one() -> None:
    words = [count.in_words for count in judged(WRONG_LATER, WRONG, WRONG_LATER).verdicts_seen]
    assert words == ["2 x WRONG_ANSWER at test 1", "1 x WRONG_ANSWER at test 0"]


@pytest.mark.parametrize(
    ("seen", "repeats", "why"),
    [
        (SEEN[:1], 1, "two or more"),
        ((SEEN[0], SEEN[0], SEEN[1]), 4, "two or more"),
        (SEEN[::-1], 3, "the first"),
        (SEEN, 4, "each judging"),
    ],
)
def test_a_mark_that_does_not_fit_its_result_is_refused(
    seen: tuple[VerdictCount, ...], repeats: int, why: str
) -> None:  # fmt: skip
    with pytest.raises(ValidationError, match=why):
        marked(*seen, repeats=repeats)


def test_a_marked_result_is_read_as_written_and_one_without_a_mark_names_none() -> None:
    made = marked(*SEEN)
    assert SampleResult.model_validate_json(made.to_json()) == made and not made.deterministic
    assert b"verdicts_seen" not in result(SampleKey("p1", 0)).to_json()


def test_an_execution_that_was_judged_once_does_not_stand_for_several() -> None:
    once, thrice = (execution_digest(PROGRAM, SUITE_DIGEST, JudgeSpec(repeats=n), Limits()) for n in (1, 3))
    assert once == execution_digest(PROGRAM, SUITE_DIGEST, JudgeSpec(), Limits()) != thrice


def test_a_marked_verdict_is_not_reused_in_other_runs() -> None:
    assert steady(marked()) and not steady(marked(*SEEN))


def test_the_option_decides_no_score() -> None:
    assert JudgeSpec(repeats=1).record_digest() == JudgeSpec().record_digest()
    one = spec("evaluate")
    other = one.model_copy(update={"judge": one.judge.model_copy(update={"repeats": 3})})
    versions = Versions(farm="1", python="3")
    [found] = differences(one, versions, other, versions)
    assert (found.what, found.a, found.b, found.measurement) == ("repeats of verdict", "1", "3", False)
    assert spec_differences(one, other) == ["judge.repeats: planned nothing, given 3"]


def test_the_command_line_sets_it() -> None:
    @click.command()
    @JUDGING
    def command(judging: Judging) -> None:
        click.echo([*judging.judge.model_fields_set, judging.judge.repeats])

    assert CliRunner().invoke(command, ["--repeats-of-verdict", "7"]).output == "['repeats', 7]\n"
    assert CliRunner().invoke(command, []).output == "[1]\n"
    assert "--repeats-of-verdict" in CliRunner().invoke(command, ["--repeats-of-verdict", "101"]).output
