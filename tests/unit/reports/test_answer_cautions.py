"""Each known cause of a zero or flat score is named with its count and with what to do."""

from __future__ import annotations

import pytest

from farm.records import SampleKey, Sampling, Verdict
from farm.reports.cautions import cautions
from farm.scoring.aggregate import SampleFacts, aggregate
from farm.scoring.answer_notes import AnswerFacts, AnswerFlaw
from farm.scoring.report import Report
from tests.unit.reports.build import problem, spec

RUN = "20260101-000000-run-abcdef"


def made(
    rows: list[dict[str, object]],
    *,
    n: int = 1,
    protocol: str = "official@1",
    temperature: float | None = 0.2,
    kind: str = "evaluate",
) -> Report:
    """A report whose samples have these answers, n a problem."""
    facts = []
    for number, row in enumerate(rows):
        key = SampleKey(f"p{number // n}", number % n)
        values: dict[str, object] = {"finish_reason": "stop", "digest": str(number), **row}
        facts.append(
            SampleFacts(key, Verdict.NO_CODE, answer=AnswerFacts(key.problem_id, **values))  # type: ignore[arg-type]
        )
    problems = len(rows) // n
    sampling = Sampling(n=n, temperature=temperature, stop=("###",))
    run_spec = spec(problems, n=n, kind=kind, protocol=protocol, sampling=sampling)
    return aggregate(RUN, run_spec, [problem(i) for i in range(problems)], facts)


def only(report: Report, words: str) -> str:
    found = [caution for caution in cautions(report) if words in caution]
    assert len(found) == 1, cautions(report)
    return found[0]


def test_answers_that_a_stop_string_ended_before_any_code() -> None:
    said = only(made([{"flaw": AnswerFlaw.STOPPED, "stop": "###", "empty": True}] * 12), "stop string")
    assert said.startswith("12 of 12 answers were ended by a stop string before any code ('###' 12 times).")
    assert "--protocol official-nostop sends none" in said


def test_what_a_silent_server_may_have_ended() -> None:
    said = only(made([{"flaw": AnswerFlaw.STOPPED}] * 4, protocol="humaneval@1"), "stop string")
    assert "were or may have been ended by a stop string before any code ('###')" in said
    assert "--stop TEXT" in said


def test_answers_that_ended_inside_their_reasoning() -> None:
    inside: dict[str, object] = {"flaw": AnswerFlaw.IN_REASONING}
    said = only(made([inside] * 3 + [inside | {"finish_reason": "length"}] * 5), "reasoning")
    assert "8 of 8 answers ended inside their reasoning" in said
    assert "5 at the token limit: raise --max-tokens" in said
    assert "3 before it" in said and "--protocol official-nostop" in said


def test_answers_that_do_not_continue_and_first_words_that_are_lost() -> None:
    over, lost = AnswerFlaw.STARTED_OVER, AnswerFlaw.FIRST_WORD_LOST
    rows: list[dict[str, object]] = [{"flaw": flaw} for flaw in (over, over, over, lost)]
    report = made(rows)
    assert "3 of 4 answers begin a new answer" in only(report, "continue_final_message")
    assert f"farm regrade {RUN} --protocol mbpp-instruct@2" in only(report, "1 of 4 answers lost their first word")


@pytest.mark.parametrize(("flawed", "told"), [(10, True), (5, True), (4, False)])
def test_many_answers_without_code_are_told_with_how_the_first_begins(flawed: int, told: bool) -> None:
    flaw: dict[str, object] = {"flaw": AnswerFlaw.NO_CODE, "beginning": "I cannot help", "empty": False}
    report = made([flaw] * flawed + [{}] * (10 - flawed), kind="grade")
    assert any("I cannot help" in caution and "farm inspect" in caution for caution in cautions(report)) is told


def test_answers_without_a_program_come_first_whatever_their_cause() -> None:
    stopped: dict[str, object] = {"flaw": AnswerFlaw.STOPPED, "empty": True}
    first = cautions(made([stopped] * 3 + [{"flaw": AnswerFlaw.IN_REASONING, "beginning": "<think>"}]))[0]
    assert first.startswith("4 of 4 answers hold no code by the rule of official@1, 3 of them are empty")
    assert "begins '<think>'" in first


@pytest.mark.parametrize(("kind", "advice"), [("evaluate", "continue_final_message"), ("grade", "the field code")])
def test_what_to_do_about_empty_answers_is_a_matter_of_where_they_came_from(kind: str, advice: str) -> None:
    report = made([{"flaw": AnswerFlaw.NO_CODE, "empty": True}] * 3, kind=kind)
    assert advice in only(report, "hold no code")


@pytest.mark.parametrize(("temperature", "told"), [(0.2, True), (None, True), (0.0, False)])
def test_equal_answers_although_they_are_sampled(temperature: float | None, told: bool) -> None:
    rows: list[dict[str, object]] = [{"digest": str(number // 4)} for number in range(8)]
    rows[7] = {"digest": "another"}
    found = [c for c in cautions(made(rows, n=4, temperature=temperature)) if "byte-equal" in c]
    assert bool(found) is told
    assert not found or "All answers to 1 of 2 problems are byte-equal" in found[0]


def test_finish_reasons_that_are_missing_or_unknown() -> None:
    report = made([{"finish_reason": reason} for reason in (None, None, *["repetition"] * 3)])
    assert "2 of 5 answers came without a finish reason" in only(report, "without a finish reason")
    assert "'repetition' 3 times" in only(report, "does not know")


def test_a_file_of_completions_states_no_finish_reason_and_no_seed() -> None:
    rows: list[dict[str, object]] = [{"finish_reason": None, "digest": "same"}] * 4
    assert cautions(made(rows, n=2, kind="grade")) == []


def test_the_score_digest_does_not_depend_on_what_a_server_says_of_its_answers() -> None:
    assert made([{"finish_reason": None}]).score_digest() == made([{"finish_reason": "stop"}]).score_digest()
