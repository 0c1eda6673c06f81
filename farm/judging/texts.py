"""Is a printed text right? The comparators: what a program's output and the expected one must have in common.

It runs in the worker, outside the sandbox, on text alone. Both texts are walked side by side and the walk ends at the
first difference: an output of 16 MB costs no list of its lines or numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from decimal import Context, Decimal, InvalidOperation
from itertools import zip_longest
from typing import Literal, NamedTuple

from farm.records import AnswerRule

Outcome = Literal["equal", "different", "error"]

_CONTEXT = Context(traps=[InvalidOperation])  # not the thread's own, which other code may have changed

_WORD = re.compile(r"\S+")  # as str.split() has it
_PIECE_CHARS = 1 << 16
_TOKEN = re.compile(r"[^ \t\n\r\v\f]+")  # what C's isspace ends; a no-break space is part of a token
# What a judge reads as a number, if the statement has a tolerance: no underscore, no digit outside ASCII, no name of
# infinity. Judges that read a double take an exponent, and languages print one for small numbers.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_MAX_NUMBER_CHARS = 2_000  # a double written out has at most 1,100


def equal_text(actual: str, expected: str, comparator: str, rule: AnswerRule | None = None) -> bool:
    """Whether a program's output is right. Never raises on any text; an unknown comparator is a ValueError.

    `tokens@1`: the same tokens, whatever white space is between them; what `rule` accepts besides.
    `lcb-text@1`: both texts stripped, split at `\\n`, lines stripped; as many lines, and each pair equal or, split at
    white space, wholly decimal numbers of equal value (LiveCodeBench `testing_util.py`). `strip@1`: equal after strip.
    """
    return compare_text(actual, expected, comparator, rule) == "equal"


def compare_text(actual: str, expected: str, comparator: str, rule: AnswerRule | None = None) -> Outcome:
    """How two texts compare, as `equal_text` does. "error": `lcb-text@1` met a signalling NaN, which compares
    with nothing; LiveCodeBench's grader dies of it."""
    if comparator == "tokens@1":
        return "equal" if _equal_tokens(actual, expected, rule) else "different"
    if comparator == "strip@1":
        return "equal" if actual.strip() == expected.strip() else "different"
    if comparator != "lcb-text@1":
        raise ValueError(f"unknown comparator {comparator!r} (known: tokens@1, lcb-text@1, strip@1)")
    left, right = _whole(actual), _whole(expected)
    if _same(left, right):
        return "equal"
    if actual.count("\n", left.start, left.end) != expected.count("\n", right.start, right.end):
        return "different"
    lines = map(_compare_line, _lines(left), _lines(right))
    return next((outcome for outcome in lines if outcome != "equal"), "equal")


# --- tokens@1 -----------------------------------------------------------------------------------


def tokens(text: str) -> Iterator[str]:
    """The tokens of a text, one after the other."""
    return (found[0] for found in _TOKEN.finditer(text))


def _equal_tokens(actual: str, expected: str, rule: AnswerRule | None) -> bool:
    if actual == expected:
        return True
    return all(
        left == right or (left is not None and right is not None and _accepted(left, right, rule))
        for left, right in zip_longest(tokens(actual), tokens(expected))
    )


def _accepted(actual: str, expected: str, rule: AnswerRule | None) -> bool:
    """Whether the statement's own rule accepts a token that is not the expected one."""
    if rule is None:
        return False
    if rule.any_case:
        return actual.isascii() and actual.lower() == expected.lower()
    if not rule.tolerant or expected in rule.exact:
        return False
    left, right = _number(actual), _number(expected)
    return left is not None and right is not None and within(left, right, rule)


def within(actual: float, expected: float, rule: AnswerRule) -> bool:
    """Whether the error of a number is one that the statement allows. False for infinity and NaN."""
    error = abs(actual - expected)
    if not math.isfinite(error):
        return False
    return (rule.absolute is not None and error <= rule.absolute) or (
        rule.relative is not None and error <= rule.relative * abs(expected)
    )


def _number(token: str) -> float | None:
    if len(token) > _MAX_NUMBER_CHARS or not _NUMBER.fullmatch(token):
        return None
    return float(token)


# --- lcb-text@1 ---------------------------------------------------------------------------------


class _Part(NamedTuple):
    """A part of a text, named and not copied: a text of 16 MB takes 64 MB if one of its characters is wide."""

    text: str
    start: int
    end: int


def _whole(text: str) -> _Part:
    """`text.strip()`."""
    return _stripped(text, 0, len(text))


def _stripped(text: str, start: int, end: int) -> _Part:
    """`text[start:end].strip()`."""
    while start < end and text[start].isspace():
        piece = text[start : min(end, start + _PIECE_CHARS)]
        start += len(piece) - len(piece.lstrip())
    while start < end and text[end - 1].isspace():
        piece = text[max(start, end - _PIECE_CHARS) : end]
        end -= len(piece) - len(piece.rstrip())
    return _Part(text, start, end)


def _same(left: _Part, right: _Part) -> bool:
    size = left.end - left.start
    return size == right.end - right.start and all(
        left.text[left.start + at : min(left.end, left.start + at + _PIECE_CHARS)]
        == right.text[right.start + at : min(right.end, right.start + at + _PIECE_CHARS)]
        for at in range(0, size, _PIECE_CHARS)
    )


def _lines(part: _Part) -> Iterator[_Part]:
    """Its lines, split at `\\n` and stripped, one at a time."""
    text, start, stop = part
    while (end := text.find("\n", start, stop)) >= 0:
        yield _stripped(text, start, end)
        start = end + 1
    yield _stripped(text, start, stop)


def _compare_line(actual: _Part, expected: _Part) -> Outcome:
    if _same(actual, expected):
        return "equal"
    return _compare_numbers(zip_longest(_words(actual), _words(expected)))


def _words(part: _Part) -> Iterator[str]:
    """`split()`, one word at a time."""
    return (found[0] for found in _WORD.finditer(part.text, part.start, part.end))


def _compare_numbers(pairs: Iterator[tuple[str | None, str | None]]) -> Outcome:
    """As LiveCodeBench compares two lists of Decimals: it converts all words before it compares the first pair.

    So a word that is no number, or another number of words, decides even behind a signalling NaN.
    """
    outcome: Outcome = "equal"
    for left, right in pairs:
        if left is None or right is None:
            return "different"
        try:
            # Decimal(text, context) converts exactly; the context only decides about invalid text.
            first, second = Decimal(left, _CONTEXT), Decimal(right, _CONTEXT)
        except InvalidOperation:  # not a number
            return "different"
        if outcome == "error":
            continue
        try:
            if first != second:
                return "different"
        except InvalidOperation:
            outcome = "error"
    return outcome
