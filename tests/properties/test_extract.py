"""Extraction never raises, and never invents text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from farm.records import Extraction
from farm.scoring.extract import completed, extract, remove_thinking

PIECES = st.sampled_from(
    ["```", "```python", "\n", "``", "<think>", "</think>", "def f(): pass", " ", "x", "\r", "\ud800"]
)
TEXTS = st.one_of(st.text(st.characters()), st.lists(PIECES).map("".join))
FENCED = st.builds(
    Extraction,
    fence=st.sampled_from(["first", "last", "last_complete"]),
    unfenced_signs=st.sampled_from([(), ("def ",)]),
)
ANY = st.one_of(
    FENCED, st.builds(Extraction, fence=st.sampled_from(["none", "open"]), stop=st.sampled_from([(), ("x",)]))
)


@given(TEXTS, ANY)
def test_any_text_gives_a_part_of_itself(text: str, how: Extraction) -> None:
    assert extract(text, how) in text


@given(st.one_of(TEXTS, TEXTS.map("from __future__ import annotations\n{}".format)))
def test_what_is_put_around_code_is_put_there_once(code: str) -> None:
    how = Extraction(before="import math\n", after="\nmain()\n")
    once = completed(code, how)
    assert completed(once, how) == once
    assert not code.strip() or ("import math\n" in once and once.endswith("\nmain()\n"))


@given(TEXTS, FENCED)
def test_what_lies_between_fences_is_what_was_put_there(code: str, how: Extraction) -> None:
    kept = code.replace("```", "")
    assert extract(f"Here:\n```python\n{kept}\n```\n", how) == kept


@given(TEXTS)
def test_removing_thinking_leaves_no_opened_thinking(text: str) -> None:
    rest = remove_thinking(text, (("<think>", "</think>"),))
    assert len(rest) <= len(text)
    if "<think>" not in text and "</think>" not in text:
        assert rest == text
    closed = remove_thinking(f"<think>{text.replace('</think>', '')}</think>answer", (("<think>", "</think>"),))
    assert closed == "answer"
