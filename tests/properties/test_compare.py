"""Comparison: reflexive, as strict as Python's `==`, and deaf to hostile input."""

from __future__ import annotations

import json
import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from farm.judging.compare import compare_value, equal_text, equal_value
from farm.sandbox.inside.canonical import encode

TEXTS = st.one_of(
    st.text(st.characters()),
    st.lists(st.sampled_from(["1", "1.0", "01", "1e0", " ", "\n", "\t", "x", "NaN", "sNaN", "-", "é", "1_0"])).map(
        "".join
    ),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-3, 3),
    st.floats(),
    st.sampled_from([0.0, 1.0, 2.5]),
    st.text(),
)
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
)
TAGS = st.sampled_from(["i", "f", "s", "t", "d", "r", "m", "c", "a", "o", "?"])
FORGED: st.SearchStrategy[Any] = st.recursive(
    SCALARS | st.text("0123456789abcdefx-"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TAGS, inner, max_size=2),
)


def as_strict_as_python(value: Any, expected: Any) -> bool:
    """`==` of plain JSON values, but without its shortcut for identical objects, which makes NaN equal itself."""
    if isinstance(value, list) and isinstance(expected, list):
        return len(value) == len(expected) and all(map(as_strict_as_python, value, expected))
    if isinstance(value, dict) and isinstance(expected, dict):
        return value.keys() == expected.keys() and all(as_strict_as_python(value[k], expected[k]) for k in value)
    return bool(value == expected)


@given(TEXTS, TEXTS)
def test_text_comparison_is_symmetric_and_never_raises(left: str, right: str) -> None:
    assert equal_text(left, right, "lcb-text@1") == equal_text(right, left, "lcb-text@1")
    if equal_text(left, right, "strip@1"):
        assert equal_text(left, right, "lcb-text@1")


@given(TEXTS)
def test_text_equals_itself(text: str) -> None:
    assert equal_text(text, text, "lcb-text@1")
    assert equal_text(f"\n{text} \n", text, "lcb-text@1")


@given(JSON_VALUES, JSON_VALUES)
def test_values_compare_as_python_compares_them(value: Any, expected: Any) -> None:
    sent = json.loads(json.dumps(encode(value)))
    for pair in (expected, value):
        text = json.dumps(pair)
        assert equal_value(sent, text, mode="lcb") == as_strict_as_python(value, json.loads(text))
        assert equal_value(sent, text, mode="judge") == as_strict_as_python(value, json.loads(text))


@given(FORGED, JSON_VALUES)
def test_forged_values_never_raise(forged: Any, expected: Any) -> None:
    for mode in ("lcb", "judge"):
        assert compare_value(forged, expected, mode=mode) in ("equal", "different", "error")


@given(st.integers() | st.floats(allow_nan=False), st.integers() | st.floats(allow_nan=False))
def test_numbers_compare_exactly(left: float, right: float) -> None:
    text = json.dumps(right)
    assert equal_value(json.loads(json.dumps(encode(left))), text, mode="lcb") == (left == right)
    assert math.isinf(right) or equal_value(encode(right), text, mode="judge")
