"""Prompts and extraction of HumanEval and MBPP, as lm-evaluation-harness has them."""

from __future__ import annotations

import hashlib
import json

import pytest

from farm.benchmarks.humaneval import HUMANEVAL
from farm.benchmarks.mbpp import MBPP
from farm.datasets.reader import read_problems
from farm.protocols import Protocol, extract_program, get, render
from farm.records import Asserts, Problem, TestCase
from tests.support.data import shared

# SHA-256 over all prompts of the dataset, made with the harness's own templates, worked examples and turn logic at
# 4e7e0d47: the JSON list of [messages, text] per problem, text being what it sends without a chat template.
VECTORS = {
    "humaneval": "384f91e92ac485377e76712465f38f9f0d44c79b1150796bcdc3abf68e2281f5",
    "humaneval-instruct": "1d6e415068717f68c3bca4d295cc431f14d9a5a5bc6dc1854c9cdc7f8a874c3f",
    "mbpp": "096d4cd432e20e7485e65c248a102bf74b17d96f62a965abced2acaf37da2802",
    "mbpp-instruct@1": "f5eb8d78720b90c210aff2c9eb01840cce5f42701091838512c931d21a035f68",
    "mbpp-instruct@2": "f5eb8d78720b90c210aff2c9eb01840cce5f42701091838512c931d21a035f68",
}


@pytest.mark.parametrize("name", VECTORS)
def test_every_prompt_of_the_dataset_is_the_harnesss(name: str) -> None:
    path = shared("HumanEval.jsonl.gz" if name.startswith("humaneval") else "mbpp.jsonl")
    prompts = [render(get(name), problem) for problem in read_problems(path)]
    found = [[[message.model_dump() for message in p.messages], p.as_text()] for p in prompts]
    assert hashlib.sha256(json.dumps(found).encode()).hexdigest() == VECTORS[name]


def problem() -> Problem:
    prompt = 'def f(x):\n    """{tests} {question}"""\n'
    return Problem(
        problem_id="p", title="f", statement=prompt, platform="x", starter_code=prompt, asserts=Asserts(calls=("f",)),
        tests=(TestCase(input="assert f(1)", output=""), TestCase(input="hidden", output="", public=False)),
    )  # fmt: skip


def test_the_answer_is_begun_where_the_protocol_says_so() -> None:
    messages = render(get("humaneval-instruct"), problem()).messages
    assert [message.role for message in messages] == ["user", "assistant"]
    assert messages[-1].content == f"Here is the completed function:\n```python\n{problem().statement}\n"
    assert render(get("humaneval"), problem()).as_text() == problem().statement


def test_worked_examples_come_before_the_question_and_hidden_tests_nowhere() -> None:
    prompt = render(get("mbpp"), problem())
    assert [message.role for message in prompt.messages] == ["user", "assistant"] * 3 + ["user"]
    assert prompt.messages[-1].content.endswith("pass these tests:\n\nassert f(1)\n[BEGIN]\n")
    assert "hidden" not in prompt.as_text()


def test_sampling_and_judge() -> None:
    stops = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")
    wanted = {"humaneval": (1024, stops), "humaneval-instruct": (1024, stops), "mbpp": (256, ("[DONE]",))}
    wanted |= {"mbpp-instruct": (256, ()), "mbpp-plus-instruct": (1024, ())}
    for protocol in (*HUMANEVAL.protocols, *MBPP.protocols):
        sampling = protocol.sampling
        assert (sampling.max_tokens, sampling.stop) == wanted[protocol.name]
        assert (sampling.n, sampling.temperature, protocol.judge.mode) == (1, 0.0, "asserts")
        assert Protocol.model_validate_json(protocol.to_json()) == protocol
    assert get("mbpp-instruct").ident == "mbpp-instruct@2"
    assert [get(name).continues for name in ("humaneval", "humaneval-instruct", "mbpp", "official")] == [
        True, True, False, False,
    ]  # fmt: skip


# The harness's own answers at 4e7e0d47 (`build_predictions`, `build_predictions_instruct`)
LM_EVAL = [
    ("def f(x):\n  return 1\n```", " f(x):\n  return 1"),  # its fault: the first word is taken for a tag
    ("import heapq\ndef f():1\n```\n\nText\n```python\nx\n```", " heapq\ndef f():1"),
    ("\ndef f(x):\n  return 1\n```\nmore", "def f(x):\n  return 1"),
    ("```python\nimport a\ndef g(): pass\n```", ""),
    ("python\ndef f(): 1\n```", "def f(): 1"),
    ("Here:\n```python\ncode()\n```\n", ":"),
    ("no fence", ""), ("", ""), ("```", ""), ("``````", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "program"), LM_EVAL)
def test_version_1_extracts_as_the_harness(text: str, program: str) -> None:
    assert extract_program(get("mbpp-instruct@1"), text) == program


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("def f(x):\n  return 1\n```", "def f(x):\n  return 1\n"),
        ("\ndef f(x):\n  return 1\n```\nmore\n```python\nx\n```", "\ndef f(x):\n  return 1\n"),
        ("```python\nimport a\n```", "import a\n"), ("Here:\n```python\ncode()\n```\n", "code()\n"),
        ("def f(): 1  # cut by the token limit", "def f(): 1  # cut by the token limit"), ("", ""), ("```", ""),
    ],
)  # fmt: skip
def test_version_2_takes_what_stands_in_the_open_fence(text: str, program: str) -> None:
    assert extract_program(get("mbpp-instruct@2"), text) == program


def test_an_answer_continues_the_prompt() -> None:
    assert extract_program(get("humaneval"), "    return 1\n", "def f():\n") == "def f():\n    return 1\n"
    assert extract_program(get("humaneval-instruct"), "    return 1\n```\nSo.", "def f():\n") == (
        "def f():\n    return 1\n"
    )
    assert extract_program(get("mbpp"), "def f():\r\n  return 1\r\n") == "def f():\r\n  return 1\r\n"
