"""Which failed answers have a cause that is not the model's."""

from __future__ import annotations

from typing import Literal

import pytest

from farm.ids import sha256_hex
from farm.protocols import get
from farm.protocols.answer_flaws import ended_by, flaw_of
from farm.records import Completion, GenerateTelemetry, Verdict
from farm.scoring.answer_notes import AnswerFlaw
from farm.text import encode

BEGUN = 'def helper(x):\n    return x\n\n\ndef strlen(string: str) -> int:\n    """Length."""\n'


def flaw(
    protocol: str,
    text: str,
    verdict: Verdict,
    *,
    stop: str = "",
    finish: str = "stop",
    reasoning: bool = False,
    form: Literal["text", "program"] = "text",
) -> AnswerFlaw | None:
    found = get(protocol)
    completion = Completion(
        problem_id="p", index=0, form=form, text_sha256=sha256_hex(encode(text)), finish_reason=finish,
        reasoning_sha256="1" * 64 if reasoning else None,
    )  # fmt: skip
    return flaw_of(found, found.sampling.stop, completion, text, verdict, stop=stop, begun=BEGUN)


@pytest.mark.parametrize(
    ("text", "stop", "expected"),
    [
        ("", "###", AnswerFlaw.STOPPED),
        ("", "", AnswerFlaw.STOPPED),
        ("Sure, here it is:\n", "", AnswerFlaw.STOPPED),
        ("x" * 500, "", AnswerFlaw.NO_CODE),
        ("x" * 500, "###", AnswerFlaw.STOPPED),
        ("```python\nx", "", AnswerFlaw.NO_CODE),
    ],
)
def test_an_answer_that_a_stop_string_ended_before_any_code(text: str, stop: str, expected: AnswerFlaw) -> None:
    assert flaw("official", text, Verdict.NO_CODE, stop=stop) is expected


@pytest.mark.parametrize("protocol", ["official-nostop", "tt"])
def test_no_stop_string_that_a_model_could_write_was_in_force(protocol: str) -> None:
    assert flaw(protocol, "I cannot.", Verdict.NO_CODE) is AnswerFlaw.NO_CODE


def test_the_token_limit_is_no_stop_string() -> None:
    assert flaw("official", "Let me", Verdict.NO_CODE, finish="length") is AnswerFlaw.NO_CODE


@pytest.mark.parametrize(("text", "reasoning"), [("", True), ("<think>It is", False)])
def test_an_answer_that_ended_inside_its_reasoning(text: str, reasoning: bool) -> None:
    assert flaw("official", text, Verdict.NO_CODE, reasoning=reasoning) is AnswerFlaw.IN_REASONING


@pytest.mark.parametrize("protocol", ["humaneval", "humaneval-instruct"])
@pytest.mark.parametrize(
    "text",
    [
        "Here is the completed function:\n\n```python\ndef strlen(string: str) -> int:\n    return len(string)\n```\n",
        "```python\n    return len(string)\n```",
        "Here is the completed function:\n\n```python",
        "```\n    return len(string)\n```",
        "def strlen(string: str) -> int:\n    return len(string)\n",
    ],
)
def test_an_answer_that_starts_anew(protocol: str, text: str) -> None:
    assert flaw(protocol, text, Verdict.SYNTAX_ERROR) is AnswerFlaw.STARTED_OVER
    assert flaw(protocol, text, Verdict.PASSED) is None


@pytest.mark.parametrize(
    "text", ["    return len(string)\n", "    return 1\n```\nIt counts.", "    def inner(): pass\n"]
)
def test_an_answer_that_continues_what_was_begun_is_the_models_own(text: str) -> None:
    assert flaw("humaneval-instruct", text, Verdict.WRONG_ANSWER) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def square(a):\n  return a * a\n```\n", AnswerFlaw.FIRST_WORD_LOST),
        ("import math\ndef f(): pass\n```", AnswerFlaw.FIRST_WORD_LOST),
        ("python\ndef f(): pass\n```", None),
        ("\ndef f(): pass\n```", None),
        ("", None),
    ],
)
def test_a_first_word_that_lm_evals_rule_takes(text: str, expected: AnswerFlaw | None) -> None:
    assert flaw("mbpp-instruct@1", text, Verdict.SYNTAX_ERROR) is expected
    assert flaw("mbpp-plus-instruct", text, Verdict.SYNTAX_ERROR) is expected
    assert flaw("mbpp-instruct@2", text, Verdict.SYNTAX_ERROR) is None


def test_programs_of_another_tool_are_empty_or_have_no_flaw_of_an_answer() -> None:
    assert flaw("official", "", Verdict.NO_CODE, form="program") is AnswerFlaw.NO_CODE


def test_what_ended_an_answer() -> None:
    assert ended_by(GenerateTelemetry(cut_at="###"), ("###",)) == "###"
    assert ended_by(GenerateTelemetry(stop_reason="###"), ("###",)) == "###"
    assert ended_by(GenerateTelemetry(stop_reason="151645"), ("###",)) == "", "the number of an end token"
    assert ended_by(GenerateTelemetry(), ("###",)) == ""
