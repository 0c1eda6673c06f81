"""Comparison: reflexive, as strict as Python's `==`, and deaf to hostile input."""

from __future__ import annotations

import json
import math
from decimal import Decimal, InvalidOperation
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from farm.judging.texts import compare_text, equal_text
from farm.judging.values import compare_value, decode_expected, equal_value, plain_json, starts_equal
from farm.records import AnswerRule
from farm.sandbox.frames import decode_value
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


def as_livecodebench(prediction: str, expected: str) -> str:
    """What `grade_stdio` of `testing_util.py` at 28fef95 does with one output."""
    predicted = [line.strip() for line in prediction.strip().split("\n")]
    wanted = [line.strip() for line in expected.strip().split("\n")]
    if len(predicted) != len(wanted):
        return "different"
    for left, right in zip(predicted, wanted, strict=True):
        if left == right:
            continue
        try:
            first, second = ([Decimal(word) for word in line.split()] for line in (left, right))
        except InvalidOperation:
            return "different"
        try:
            if first != second:
                return "different"
        except InvalidOperation:
            return "error"
    return "equal"


@given(TEXTS, TEXTS)
@example("sNaN x", "1 1")
@example("1 sNaN", "1 1")
@example("2 sNaN", "1 1")
@example("sNaN 1", "1 1 1")
@example("sNaN 1\n1", "1 1\nx")
@example("1\x1c2\u00a03", "1 2 3")
@example("1\x0b2", "1\n2")
def test_text_compares_as_in_the_original(left: str, right: str) -> None:
    assert compare_text(left, right, "lcb-text@1") == as_livecodebench(left, right)


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 131_072])
@pytest.mark.parametrize("space", [" ", "\n", "\x1c", "\u2003"])
def test_long_texts_compare_as_in_the_original(size: int, space: str) -> None:
    """They are looked at in pieces of 65,536 characters."""
    blank, word = space * size, "7" * size
    left = f"{blank}{word}{blank}1\U0001f600{blank}"
    for right in (left, left.strip(), left.replace("1", "2"), f"{word} 1\U0001f600", f"{word}0\n1", left[:-1] + "x"):
        assert compare_text(left, right, "lcb-text@1") == as_livecodebench(left, right)
        assert compare_text(right, left, "lcb-text@1") == as_livecodebench(right, left)


@given(TEXTS, TEXTS)
def test_tokens_compare_as_lists_of_them(left: str, right: str) -> None:
    same = left.encode("utf-8", "surrogatepass").split() == right.encode("utf-8", "surrogatepass").split()
    assert equal_text(left, right, "tokens@1") == same


RULES = st.sampled_from(
    [AnswerRule(any_order=True), AnswerRule(absolute=1e-6), AnswerRule(relative=1e-6), AnswerRule(any_case=True)]
)


@given(TEXTS | st.text("0123456789.eE+-_ ", max_size=40), TEXTS, RULES)
def test_no_rule_raises_or_makes_the_expected_text_wrong(left: str, right: str, rule: AnswerRule) -> None:
    assert compare_text(left, right, "tokens@1", rule) in ("equal", "different")
    assert equal_text(right, right, "tokens@1", rule)


@given(FORGED | st.lists(FORGED, max_size=5), JSON_VALUES, RULES)
def test_no_rule_raises_on_forged_values(forged: Any, expected: Any, rule: AnswerRule) -> None:
    assert compare_value(forged, expected, mode="judge", rule=rule) in ("equal", "different")
    starts_equal(forged, expected)
    plain_json(forged)


@given(st.lists(JSON_VALUES, max_size=6), st.randoms(use_true_random=False))
def test_any_order_is_any_order_and_nothing_else(values: list[Any], random: Any) -> None:
    rule = AnswerRule(any_order=True)
    expected = json.dumps(values)
    shuffled = random.sample(values, len(values))
    comparable = all(as_strict_as_python(value, value) for value in values)  # NaN equals nothing
    assert equal_value(encode(shuffled), expected, mode="judge", rule=rule) == comparable
    assert not equal_value(encode([*values, 0]), expected, mode="judge", rule=rule)


@pytest.mark.parametrize("depth", [200, 900, 5_000, 100_000])
@pytest.mark.parametrize(
    ("opening", "closing"), [("[", "]"), ('{"t":[', "]}"), ('{"a":[', "]}"), ('{"d":[["k",', "]]}")]
)
def test_deep_values_never_raise(depth: int, opening: str, closing: str) -> None:
    """Neither where the JSON scanner stops early, as in Python 3.11, nor where it goes on, as in 3.13."""
    value = decode_value((opening * depth + "1" + closing * depth).encode())
    assert value is None or depth < 900
    for rule in (None, AnswerRule(any_order=True)):
        for mode in ("judge", "lcb"):
            compare_value([value], [1], mode=mode, rule=rule)
    starts_equal(value, [1])
    plain_json(value)
    with pytest.raises(ValueError, match="nested"):
        decode_expected("[" * (depth + 850) + "]" * (depth + 850))


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
