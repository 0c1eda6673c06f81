"""Extraction never raises, and never invents text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from farm.scoring.extract import ExtractionRule, extract, remove_thinking

PIECES = st.sampled_from(
    ["```", "```python", "\n", "``", "<think>", "</think>", "def f(): pass", " ", "x", "\r", "\ud800"]
)
TEXTS = st.one_of(st.text(st.characters()), st.lists(PIECES).map("".join))
RULES: st.SearchStrategy[ExtractionRule] = st.sampled_from(["first_fence", "last_fence", "first_fence_or_raw"])


@given(TEXTS, RULES)
def test_any_text_gives_a_part_of_itself(text: str, rule: ExtractionRule) -> None:
    assert extract(text, rule) in text


@given(TEXTS, RULES)
def test_what_lies_between_fences_is_what_was_put_there(code: str, rule: ExtractionRule) -> None:
    kept = code.replace("```", "")
    assert extract(f"Here:\n```python\n{kept}\n```\n", rule) == kept


@given(TEXTS)
def test_removing_thinking_leaves_no_opened_thinking(text: str) -> None:
    rest = remove_thinking(text, (("<think>", "</think>"),))
    assert len(rest) <= len(text)
    if "<think>" not in text and "</think>" not in text:
        assert rest == text
    closed = remove_thinking(f"<think>{text.replace('</think>', '')}</think>answer", (("<think>", "</think>"),))
    assert closed == "answer"
