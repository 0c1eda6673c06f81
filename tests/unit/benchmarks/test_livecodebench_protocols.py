"""The protocols that farm brings: prompts byte for byte, and that nothing of them changes unnoticed."""

from __future__ import annotations

import pytest

from farm.errors import ConfigError
from farm.ids import text_digest
from farm.protocols import extract_program, get, names, render
from farm.records import Problem, TestCase

STARTER = "class Solution:\n    def add(self, a: int, b: int) -> int:\n        "


def problem(starter: str, statement: str = "Add two numbers.") -> Problem:
    return Problem(
        problem_id="p", title="t", statement=statement, platform="x", starter_code=starter,
        func_name="add" if starter else None, tests=(TestCase(input="1", output="1"),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "plain", "starter"),
    [
        ("tt", "30757f809727dee2", "2653029d862eb100"),
        ("official", "13428a9a8040784b", "5ac0d9f66c5fa51a"),
        ("seed", "bb5792b3301ee6d7", "bb5792b3301ee6d7"),
    ],
)
def test_user_messages_have_the_published_digests(name: str, plain: str, starter: str) -> None:
    """Vectors of the judging specification, section 2."""
    protocol = get(name)
    for code, prefix in ("", plain), (STARTER, starter):
        assert text_digest(render(protocol, problem(code)).messages[-1].content).startswith(prefix)


def test_only_official_has_a_system_message() -> None:
    assert [get(name).system is not None for name in ("official", "tt", "seed")] == [True, False, False]


def test_a_statement_that_looks_like_a_placeholder_stays_as_it_is() -> None:
    text = render(get("official"), problem("", "what is {code} and {question}?")).messages[-1].content
    assert "what is {code} and {question}?" in text


def test_names_with_and_without_version() -> None:
    assert get("tt") is get("tt@1")
    assert len(set(names())) == len(names())
    assert len({get(name).digest() for name in names()}) == len(names())
    with pytest.raises(ConfigError, match="official@1"):
        get("nonsense")


def test_reasoning_is_removed_before_extraction() -> None:
    text = "<think>draft\n```python\nprint(0)\n```\n</think>\n```python\nprint(1)\n```"
    assert extract_program(get("reason"), text) == "print(1)"
    assert extract_program(get("reason"), "<think>never ends\n```\nprint(0)\n```") == ""


def test_a_protocol_changes_with_its_version_alone() -> None:
    """Runs store the digest, and do not go on under another one. Whoever changes a protocol gives it a new version."""
    digests = {
        "official@1": "ba9d0d6f", "official-nostop@1": "ac81403a", "tt@1": "25cc65ca", "seed@1": "8b1ffb2d",
        "reason@1": "bfe69bc4", "reason@2": "0419b4b2", "tt-gemma4@1": "98186b1f",
        "humaneval@1": "299a0776", "humaneval-instruct@1": "922a9790", "mbpp@1": "fb641a82",
        "mbpp-instruct@1": "0d6dab8b", "mbpp-instruct@2": "f3ca8573", "mbpp-plus-instruct@1": "46338f1a",
        "test-output@1": "96e23ca1", "execution@1": "b78d723f", "execution-cot@1": "dd9e9cfc",
    }  # fmt: skip
    assert {name: get(name).digest()[:8] for name in digests} == digests
    assert digests.keys() <= set(names())
