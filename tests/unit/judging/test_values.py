"""Comparison of returned values: the harness describes an object, the worker compares the description.

Most tests here go the whole way: an object is encoded as in the child, sent as JSON, and compared.
"""

from __future__ import annotations

import collections
import json
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import pytest

from farm.judging.texts import Outcome
from farm.judging.values import (
    ValueMode,
    compare_value,
    decode_expected,
    decode_text,
    equal_value,
    starts_equal,
)
from farm.sandbox.inside.canonical import encode


def compared(value: object, expected: str, mode: ValueMode) -> Outcome:
    frame = json.loads(json.dumps(encode(value)))
    outcome = compare_value(frame, decode_expected(expected), mode=mode)
    assert equal_value(frame, expected, mode=mode) == (outcome == "equal")
    return outcome


def both(value: object, expected: str) -> Outcome:
    outcome = compared(value, expected, "lcb")
    assert compared(value, expected, "judge") == outcome
    return outcome


class Pair(NamedTuple):
    a: int
    b: int


class MyInt(int):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


class MyList(list[Any]):
    def __eq__(self, other: object) -> bool:
        return True


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, "1"), (1, "1.0"), (True, "1"), (1, "true"), (False, "0.0"), (1.0, "1"), (-0.0, "0"), (None, "null"),
        (2**53 + 1, str(2**53 + 1)), (2**70, str(2**70)), (float(2**70), str(2**70)), (-(2**70), str(-(2**70))),
        (10**1000, "1" + "0" * 1000), (0.1, "0.1"), (1e308 * 10, "Infinity"), (float("-inf"), "-Infinity"),
        ("é\u2028", '"\\u00e9\\u2028"'), ("\ud800", '"\\ud800"'), ("", '""'),
        ([], "[]"), ([1, [2, [3]]], "[1, [2, [3]]]"), ({"a": 1, "b": [2]}, '{"b": [2.0], "a": 1}'), ({}, "{}"),
        (Fraction(1, 2), "0.5"), (Fraction(4, 2), "2"), (Decimal("0.5"), "0.5"), (Decimal("2.000"), "2"),
        (Decimal("1E+3"), "1000"), (Decimal("-0"), "0"), (Decimal("-2.5"), "-2.5"), (Decimal("Infinity"), "Infinity"),
        (3 + 0j, "3"), (complex(2.5, -0.0), "2.5"),
        (MyInt(3), "3"), (MyList([1]), "[1]"), (collections.Counter("aab"), '{"a": 2, "b": 1}'),
        (collections.OrderedDict(b=1, a=2), '{"a": 2, "b": 1}'), (collections.defaultdict(int, a=1), '{"a": 1}'),
        (collections.UserList([1]), "[1]"), (collections.UserDict(a=1), '{"a": 1}'),
        (collections.UserString("x"), '"x"'),
    ],
)  # fmt: skip
def test_equal(value: object, expected: str) -> None:
    assert both(value, expected) == "equal"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2**53 + 1, str(float(2**53))), (float(2**53), str(2**53 + 1)), (0.1 + 0.2, "0.3"), (1, "2"), (1, '"1"'),
        ("1", "1"), (float("nan"), "NaN"), (Decimal("nan"), "NaN"), (Decimal("0.1"), "0.1"),
        (Fraction(1, 3), "0.3333333333333333"),
        (None, "0"), (0, "null"), ("", "null"), ([], "null"), ({}, "[]"), ([], "{}"), ([1], "1"), (1, "[1]"),
        ([1, 2], "[2, 1]"), ([1], "[1, 1]"), ({"a": 1}, '{"a": 2}'), ({"a": 1}, '{"b": 1}'),
        ({"a": 1}, '{"a": 1, "b": 2}'),
        ({1: 1}, '{"1": 1}'), ({"a": 1, 1: 1}, '{"a": 1}'), ({True: 1}, '{"true": 1}'),
        (3 + 1j, "3"), ({1, 2}, "[1, 2]"), (collections.deque([1]), "[1]"), (range(2), "[0, 1]"), (b"a", '"a"'),
        ((x for x in [1]), "[1]"), ({"a": 1}.keys(), '["a"]'), (object(), "0"), (int, "0"), (len, "0"), (..., "null"),
        (MyInt(0), "3"), (MyList([]), "[1]"), ("\ud83d\ude00", '"😀"'), (Decimal("1E+999999"), "1e300"),
        (Decimal("1E-999999"), "0"),
    ],
)  # fmt: skip
def test_different(value: object, expected: str) -> None:
    assert both(value, expected) == "different"


@pytest.mark.parametrize(
    ("value", "expected", "lcb", "judge"),
    [
        ((1, 2), "[1, 2]", "equal", "equal"),
        ([(1, 2)], "[[1, 2]]", "different", "equal"),
        (((1,),), "[[1]]", "different", "equal"),
        ({"a": (1,)}, '{"a": [1]}', "different", "equal"),
        (Pair(1, 2), "[1, 2]", "equal", "equal"),
    ],
)
def test_tuples(value: object, expected: str, lcb: str, judge: str) -> None:
    """LiveCodeBench turns the outermost tuple into a list, and no other."""
    assert (compared(value, expected, "lcb"), compared(value, expected, "judge")) == (lcb, judge)


def test_numpy() -> None:
    numpy = pytest.importorskip("numpy")
    for value, expected in [
        (numpy.int64(3), "3"), (numpy.float64(0.5), "0.5"), (numpy.bool_(True), "true"), (numpy.str_("x"), '"x"'),
        ([numpy.int64(1), numpy.int8(2)], "[1, 2]"), (numpy.array(5), "5"), (numpy.array([5]), "[5]"),
    ]:  # fmt: skip
        assert both(value, expected) == "equal"
    pair = numpy.array([1, 2])
    assert compared(pair, "[1, 2]", "judge") == "equal"
    assert compared([pair], "[[1, 2]]", "judge") == "equal"
    assert compared(pair, "[1, 3]", "judge") == "different"
    # The truth of an array of several elements is an error in the original grader, right or wrong.
    assert compared(pair, "[1, 2]", "lcb") == "error"
    assert compared([pair], "[[1, 2]]", "lcb") == "error"
    assert compared([0, pair], "[1, [1, 2]]", "lcb") == "different"  # decided before the array is met
    assert compared(numpy.array([5]), "[5, 5]", "lcb") == "error"
    assert compared(numpy.array([5]), "5", "lcb") == "equal"
    assert compared(numpy.array([5]), "[6]", "lcb") == "different"
    assert compared(numpy.array([]), "[]", "judge") == "equal"


@pytest.mark.parametrize(
    "value", ["[1, 2]", "[[1, 2]]", "[1]", "1", "0.5", "[[1], [2]]", "[]", "[[1, 2], [1, 2]]", "[2, 1]"]
)
@pytest.mark.parametrize(
    "expected",
    ["[1, 2]", "[1, 3]", "[2, 1]", "[1, 2, 3]", "1", "true", "[[1, 2]]", "[[1], [2, 3]]", "[]", "null", '"1"'],
)
def test_an_array_starts_equal_as_numpy_has_it(value: str, expected: str) -> None:
    """Also where shapes do not fit, which is an error in numpy, and there is no first element."""
    numpy = pytest.importorskip("numpy")
    array, decoded = numpy.array(json.loads(value)), json.loads(expected)
    try:
        first = bool((array == decoded).item(0))
    except (ValueError, IndexError, AttributeError):
        first = False
    assert starts_equal(encode(array), decoded) == first


def test_what_is_no_array_does_not_start_equal() -> None:
    assert not starts_equal([1, 2], [1, 2])
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert not starts_equal({"a": deep}, deep)


@pytest.mark.parametrize(
    "forged",
    [
        {}, {"a": 1, "b": 2}, {"i": 1}, {"i": "zz"}, {"i": "f" * 10**6}, {"i": None}, {"f": []}, {"f": "nan"},
        {"f": {}},
        {"s": "zz"}, {"s": "ff"}, {"s": 1}, {"t": 1}, {"t": "ab"}, {"d": 1}, {"d": [1]}, {"d": [[1]]},
        {"d": [["a", 1], ["a", 1]]},
        {"d": [[[], 1]]}, {"r": ["0x1", "0x0"]}, {"r": [1, 2]}, {"r": []}, {"m": [True, "x", 1]},
        {"m": [False, "1" * 200_000, 0]},
        {"m": [False, "1", 10**9]}, {"m": [False, "1", -(10**9)]}, {"m": [0, "1", 0]}, {"m": [False, "١", 0]},
        {"c": [1]},
        {"c": [[], 0]}, {"c": [1.0, 1]}, {"c": [{"c": [1.0, 0]}, []]}, {"a": None}, {"a": {}}, {"a": [[]]},
        {"a": []}, {"o": "int"}, {"o": 1}, {"?": 1},
        [[[[]]]], "text", None, -1, 1e300, float("nan"),
    ],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("mode", ["lcb", "judge"])
@pytest.mark.parametrize("expected", ["3", '"x"', "[1]", '{"a": 1}', "true"])
def test_forged_descriptions_equal_nothing(forged: object, mode: ValueMode, expected: str) -> None:
    assert not equal_value(forged, expected, mode=mode)


def test_deep_values_do_not_recurse() -> None:
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    assert not equal_value(deep, "[1]", mode="judge")
    assert compare_value(deep, deep, mode="lcb") == "equal"


@pytest.mark.parametrize("text", ["", "nope", "[1", "1 2", "'x'", "[" * 100_000, "{1: 2}", "9" * 50_001])
def test_a_bad_expectation_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        decode_expected(text)


def test_large_expected_integers() -> None:
    digits = "123456789" * 5_000
    value = decode_expected(f"[-{digits}]")
    assert isinstance(value, list)
    assert hex(value[0]) == hex(-sum(123456789 * 10 ** (9 * place) for place in range(5_000)))
    assert equal_value(json.loads(json.dumps(encode(value))), f"[-{digits}]", mode="lcb")
    with pytest.raises(ValueError, match="4300 digits"):
        decode_expected(digits, max_int_digits=4_300)


def test_texts() -> None:
    assert decode_text(encode("a\ud800")) == "a\ud800"
    assert decode_text("x") == "x"
    assert decode_text({"s": "zz"}) is None
    assert decode_text(1) is None
