"""Comparison of printed output. The examples were verified with both original graders."""

from __future__ import annotations

import decimal

import pytest

from farm.judging.compare import equal_text

LCB = "lcb-text@1"

EQUAL = [
    ("1.0", "1"), ("1e0", "1"), ("1_0", "10"), ("+1", "01"), ("+1", "1."), (".5", "0.5"), ("-0", "0"),
    ("inf", "Infinity"), ("١٢", "12"), ("1  2", "1 2"), ("1\t2", "1 2"), ("1\u00a02", "1 2"),
    ("a\r\nb\r\n", "a\nb"), ("a  \nb\t\n\n", "a\nb"), ("", " \n\n "), ("\n\na", "a"), ("1E+3", "1000"),
    ("a\n 1.50 2\nb", "a\n1.5 2.0\nb"),
]  # fmt: skip
DIFFERENT = [
    ("a  b", "a b"), ("1.0 x", "1 x"), ("0.30000000000000004", "0.3"), ("NaN", "nan"), ("NaN 1", "NaN 1.0"),
    ("YES", "Yes"), ("a\n\nb", "a\nb"), ("\ufeff1", "1"), ("", "0"), ("1 2", "1\n2"), ("1 2", "1 2 3"),
    ("sNaN", "1"), ("1 sNaN", "1 1"), ("0x10", "16"), ("1,5", "1.5"), ("\x00", ""),
    ("99999999999999999999999999999", "99999999999999999999999999998"),
]  # fmt: skip


@pytest.mark.parametrize(("actual", "expected"), EQUAL)
def test_equal(actual: str, expected: str) -> None:
    assert equal_text(actual, expected, LCB)
    assert equal_text(expected, actual, LCB)


@pytest.mark.parametrize(("actual", "expected"), DIFFERENT)
def test_different(actual: str, expected: str) -> None:
    assert not equal_text(actual, expected, LCB)
    assert not equal_text(expected, actual, LCB)


def test_strip_compares_the_whole_text() -> None:
    assert equal_text("\n a  b\n", "a  b", "strip@1")
    assert not equal_text("1.0", "1", "strip@1")
    assert not equal_text("a \nb", "a\nb", "strip@1")


def test_an_unknown_comparator_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"lcb-text@1, strip@1"):
        equal_text("1", "1", "lcb-text@2")


def test_the_thread_s_decimal_context_does_not_matter() -> None:
    with decimal.localcontext() as context:
        context.traps[decimal.InvalidOperation] = False
        context.prec = 1
        assert not equal_text("abc", "abd", LCB)
        assert not equal_text("abc abc", "abd abc", LCB)
        assert equal_text("123.0", "123", LCB)
        assert not equal_text("123", "124", LCB)


def test_hostile_numbers_cost_nothing() -> None:
    """Exponents are never written out, and digits are read once: else this takes hours or gigabytes."""
    assert not equal_text("1e999999999999999999", "2e999999999999999999", LCB)
    assert not equal_text("1e999999999999999999", "1", LCB)
    assert not equal_text("1e99999999999999999999999", "1", LCB)
    assert equal_text("1e1000000 " + "9" * 1_000_000, "10e999999 " + "9" * 1_000_000 + ".0", LCB)
