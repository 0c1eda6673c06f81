"""Comparison of printed output. The examples were verified with both original graders."""

from __future__ import annotations

import decimal
import tracemalloc

import pytest

from farm.judging.texts import compare_text, equal_text
from farm.records import AnswerRule

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
    with pytest.raises(ValueError, match=r"tokens@1, lcb-text@1, strip@1"):
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


# --- tokens@1 -----------------------------------------------------------------------------------

SAME_TOKENS = [
    ("1 2\n3\n", "1\n2 3"), ("a  b", "a b"), ("a\r\nb\r\n", "a\nb"), ("1\t2  ", "1 2"), ("", " \n"),
    ("\n\nYes\n\n", "Yes"), ("a\x0bb\x0c", "a b"), ("NaN", "NaN"), ("1_0", "1_0"),
]  # fmt: skip
OTHER_TOKENS = [
    ("4_2", "42"), ("4.2e1", "42"), ("４２", "42"), ("42.0", "42"), ("+42", "42"), ("042", "42"), ("٤٢", "42"),
    ("-0", "0"),
    ("YES", "Yes"), ("1\u00a02", "1 2"), ("12", "1 2"), ("1 2", "12"), ("1 2 3", "1 2"), ("1 2", "1 2 3"), ("", "0"),
    ("0.30000000000000004", "0.3"), ("\ufeff1", "1"), ("1\x002", "1 2"), ("a\x1cb", "a b"), ("inf", "Infinity"),
]  # fmt: skip


@pytest.mark.parametrize(("actual", "expected"), SAME_TOKENS)
def test_tokens_are_compared_whatever_is_between_them(actual: str, expected: str) -> None:
    assert equal_text(actual, expected, "tokens@1")
    assert equal_text(expected, actual, "tokens@1")


@pytest.mark.parametrize(("actual", "expected"), OTHER_TOKENS)
def test_other_tokens_are_wrong(actual: str, expected: str) -> None:
    assert not equal_text(actual, expected, "tokens@1")
    assert not equal_text(expected, actual, "tokens@1")


TOLERANT = AnswerRule(absolute=1e-6, relative=1e-6, exact=("-1",))


@pytest.mark.parametrize(
    "actual",
    ["5.82842712474619", "5.828427", "05.8284271247", "+5.8284271247461900975", "58.2842712474619e-1", "5.828427E+0"],
)
def test_a_number_within_the_statement_s_tolerance_is_right(actual: str) -> None:
    assert equal_text(f"{actual}\n", "5.82842712474619009753", "tokens@1", TOLERANT)
    assert not equal_text(actual, "5.82842712474619009753", "tokens@1")


@pytest.mark.parametrize(
    "actual",
    ["5.8284", "5_8.28e-1", "５.828427", "5,828427", "nan", "inf", "-inf", "0x5.d4", "5.828427f", "5.828427e", "e0",
     ".", "1e9999", "9" * 5000, "5.828427 5.828427", "", "--5.828427", "5.828427124746e00000"],
)  # fmt: skip
def test_what_no_judge_reads_as_that_number_is_wrong(actual: str) -> None:
    assert not equal_text(actual, "5.82842712474619009753", "tokens@1", TOLERANT)


def test_the_error_may_be_absolute_or_relative_as_stated() -> None:
    assert equal_text("1000000.5", "1000000", "tokens@1", TOLERANT)
    assert not equal_text("1000000.5", "1000000", "tokens@1", AnswerRule(absolute=1e-6))
    assert equal_text("0.0000005", "0", "tokens@1", AnswerRule(absolute=1e-6))
    assert not equal_text("0.0000005", "0", "tokens@1", AnswerRule(relative=1e-6))
    assert not equal_text("1e400", "1e399", "tokens@1", TOLERANT)


def test_a_token_that_has_to_be_exact_is() -> None:
    assert equal_text("-1", "-1", "tokens@1", TOLERANT)
    assert not equal_text("-1.000", "-1", "tokens@1", TOLERANT)


def test_letter_case_counts_unless_the_statement_says_not() -> None:
    rule = AnswerRule(any_case=True)
    assert equal_text("yEs\nNO", "Yes No", "tokens@1", rule)
    assert not equal_text("yes no", "Yes Yes", "tokens@1", rule)
    assert not equal_text("\u212a", "K", "tokens@1", rule)  # the Kelvin sign is no letter of the answer


def test_a_rule_changes_nothing_for_the_other_comparators() -> None:
    for comparator in ("lcb-text@1", "strip@1"):
        assert not equal_text("5.828427", "5.82842712474619", comparator, TOLERANT)
        assert not equal_text("YES", "Yes", comparator, AnswerRule(any_case=True))


# --- memory -------------------------------------------------------------------------------------


@pytest.mark.parametrize("comparator", ["tokens@1", "lcb-text@1"])
@pytest.mark.parametrize("between", [" ", "\n"])
@pytest.mark.parametrize("last", ["1", "2", "2 2", "sNaN"])
def test_long_lines_of_numbers_cost_no_lists(comparator: str, between: str, last: str) -> None:
    """16 MB on one line once took a worker to 2 GiB. Bounded here by the size of the texts themselves."""
    actual = f"1.0{between}" * 250_000 + last
    expected = f"1.0{between}{between}" * 250_000 + "1"
    tracemalloc.start()
    try:
        compare_text(actual, expected, comparator)
        assert tracemalloc.get_traced_memory()[1] < 4 * (len(actual) + len(expected))
    finally:
        tracemalloc.stop()


def test_words_are_whole_wherever_a_long_line_is_cut() -> None:
    for gap in range(65_530, 65_545):
        line = "1" * gap + " 2.50 " + "3" * 70_000 + "\u00a04"
        assert equal_text(line, line.replace("2.50", "2.5"), LCB)
        assert not equal_text(line, line.replace("2.50", "2.6"), LCB)
