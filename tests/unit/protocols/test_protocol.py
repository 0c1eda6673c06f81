"""Protocols: rendering, extraction and identity, in addition to the vectors in test_builtin.py."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from farm.errors import ConfigError
from farm.ids import text_digest
from farm.protocols import Protocol, answer_of, extract_program, get, names, render
from farm.records import Problem, TestCase
from farm.scoring.extract import completed, unfenced
from tests.support.data import shared


def problem(statement: str = "Add two numbers.", starter: str = "") -> Problem:
    tests = (TestCase(input="1", output="1"),)
    return Problem(problem_id="p", title="t", statement=statement, platform="x", starter_code=starter, tests=tests)


def test_the_names() -> None:
    assert {"tt@1", "official@1", "official-nostop@1", "seed@1", "reason@1"} <= set(names())
    for ident in names():
        assert get(ident).ident == ident
    with pytest.raises(ConfigError, match=r"tt@9.*official@1.*tt@1"):
        get("tt@9")


def test_judges_and_sampling() -> None:
    tt, official, seed, reason = (get(name) for name in ("tt", "official", "seed", "reason"))
    assert (tt.judge.mode, tt.judge.variant, official.judge.variant) == ("lcb", "tt", "official")
    assert (seed.judge.mode, seed.judge.comparator) == ("judge", "strip@1")
    assert (tt.sampling.n, tt.sampling.temperature, tt.sampling.top_p, tt.sampling.max_tokens) == (1, 0, None, 2048)
    assert (official.sampling.n, official.sampling.temperature, official.sampling.top_p) == (10, 0.2, 0.95)
    assert (official.sampling.max_tokens, official.sampling.stop) == (2000, ("###",))
    assert get("official-nostop").sampling == official.sampling.model_copy(update={"stop": ()})
    assert tt.sampling.stop == seed.sampling.stop == ("<|end_of_text|>", "<|endoftext|>", "<|im_end|>")
    assert reason.sampling.max_tokens >= 32768
    assert reason.sampling.stop == ()  # any would cut the thinking


def test_a_protocol_is_frozen_and_its_digest_is_its_content() -> None:
    tt = get("tt")
    with pytest.raises(ValidationError):
        tt.name = "other"
    assert Protocol.model_validate_json(tt.to_json()).digest() == tt.digest()
    assert tt.model_copy(update={"template": tt.template + " "}).digest() != tt.digest()


def test_the_whole_prompt_of_official() -> None:
    messages = render(get("official"), problem()).messages
    assert [message.role for message in messages] == ["system", "user"]
    assert messages[0].content.endswith("matches the specification and passes all tests.")
    assert render(get("official"), problem()).as_text() == f"{messages[0].content}\n\n{messages[1].content}"


def test_a_base_model_gets_the_user_text_alone_where_there_is_no_system_message() -> None:
    assert text_digest(render(get("tt"), problem()).as_text()).startswith("30757f809727dee2")


def test_statements_and_starters_are_not_templates() -> None:
    odd = "{question} {starter} {code} {format} {} {0} %s \\1 \\g<0>"
    user = render(get("tt"), problem(odd, starter=f"# {odd}\n")).messages[-1].content
    assert user.count(odd) == 2


@pytest.mark.parametrize(("name", "program"), [("tt", "a"), ("official", "b"), ("seed", "a"), ("reason", "b")])
def test_each_has_its_own_extraction(name: str, program: str) -> None:
    assert extract_program(get(name), "```\na\n```\n```python\nb\n```") == program


def test_thinking_left_in_the_content_is_no_answer() -> None:
    reason = get("reason")
    assert extract_program(reason, "draft ```\n```\nx\n```\n</think>\nHere:\n```python\nprint(1)\n```") == "print(1)"
    assert extract_program(reason, "```python\nprint(1)\n```") == "print(1)"
    # The other protocols take what their sources take, drafts included.
    assert extract_program(get("tt"), "<think>\n```\ndraft\n```\n</think>\n```\nx\n```") == "draft"


def test_thinking_that_began_in_the_prompt_and_was_cut_is_no_answer() -> None:
    """DeepSeek-R1's template writes the opening mark itself, so a cut draft carries no mark at all."""
    draft = "Let me try:\n```python\nprint(0)\n```\nNo, better"
    assert extract_program(get("reason"), draft, cut=True) == ""
    assert extract_program(get("reason"), draft) == "print(0)"  # ended by itself: a model that did not think
    assert extract_program(get("reason"), f"draft</think>\n{draft}", cut=True) == "print(0)"
    assert extract_program(get("reason"), f"<think>draft</think>\n{draft}", cut=True) == "print(0)"
    assert extract_program(get("reason"), f"<think>{draft}", cut=True) == ""
    assert extract_program(get("official"), draft, cut=True) == "print(0)"  # as its source does


def test_official_extraction_on_recorded_completions() -> None:
    rows = [json.loads(line) for line in shared("lcb_sample_completions.jsonl").read_text().splitlines()]
    assert all(extract_program(get("official"), row["output"]) == row["code"] for row in rows)
    # Prompts of all real problems can be made; the statement stands in them as it is.
    for line in shared("lcb_sample_problems.jsonl").read_text().splitlines():
        row = json.loads(line)
        for ident in names():
            if "{ask}" in get(ident).template:
                continue  # of another scenario
            made = render(get(ident), problem(row["question_content"], row["starter_code"]))
            assert any(row["question_content"] in message.content for message in made.messages)


@pytest.mark.parametrize(
    "ident", ["official@1", "tt@1", "seed@1", "reason@1", "mbpp@1", "mbpp-instruct@2", "humaneval@1"]
)
@pytest.mark.parametrize("program", ["print(1)\n", "\nx = 1\r\n", "s = '''\n```\n'''", "```python\nx\n```", "", " "])
def test_a_program_without_an_answer_is_exported_in_one_that_gives_it_back(ident: str, program: str) -> None:
    protocol, own = get(ident), "def f():\n"
    answer = answer_of(protocol, program, own)
    assert unfenced(answer) == program
    if answer.startswith("```") and "```" not in program:
        read = extract_program(protocol, answer, own)
        assert read.rstrip("\n") == completed(program, protocol.extraction, own).rstrip("\n")


def test_where_a_protocol_reads_fences_the_program_gets_one() -> None:
    for ident in ("official@1", "tt@1", "mbpp-instruct@2"):
        assert answer_of(get(ident), "print(1)") == "```python\nprint(1)\n```"
    assert answer_of(get("humaneval@1"), "    return 1", "def f():\n") == "    return 1"
