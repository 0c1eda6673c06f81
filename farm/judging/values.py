"""Is a returned value right? Compares the canonical form of a value with the expected one.

It runs in the worker, outside the sandbox, on data alone: the canonical form that the harness makes of a returned
value (`farm/sandbox/inside/canonical.py`). Nothing of a program is ever executed here, and a forged value can only be
unequal.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Hashable
from fractions import Fraction
from typing import Literal

from farm.judging.texts import Outcome, within
from farm.records import AnswerRule
from farm.records.limits import MAX_INT_DIGITS
from farm.sandbox.frames import MAX_NESTING
from farm.text import nested_deeper

ValueMode = Literal["judge", "lcb"]

_MAX_HEX_DIGITS = 41_530  # of an integer of that many decimal digits, and a sign
_CHUNK_DIGITS = 4_000  # below the interpreter's limit on conversions from text, 4 300
_FLOAT_DECIMALS = 1_100  # a float has at most 1 074 decimals
_MAX_DEPTH = 220  # of a value; the harness goes 200 deep


class AmbiguousArray(ValueError):
    """Raised where Python's `==` meets a numpy array whose truth is undefined."""


def decode_expected(text: str, *, max_int_digits: int = MAX_INT_DIGITS) -> object:
    """The value of a functional test's expected output, or of one line of its input.

    Raises ValueError if it is not JSON or holds an integer of more digits: the test is bad.
    """
    try:
        value = _loads(text)
    except ValueError:
        # Perhaps only an integer beyond what this interpreter converts; decide by our own limit.
        def parse_int(digits: str) -> int:
            if len(digits.lstrip("-")) > max_int_digits:
                raise ValueError(f"an integer of more than {max_int_digits} digits")
            return _int_of_decimal(digits)

        value = _loads(text, parse_int)
    if nested_deeper(value, MAX_NESTING):
        raise ValueError(f"nested more than {MAX_NESTING} deep")
    return value


def _loads(text: str, parse_int: Callable[[str], int] | None = None) -> object:
    try:
        value: object = json.loads(text, parse_int=parse_int)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def equal_value(encoded: object, expected_json: str, *, mode: ValueMode, rule: AnswerRule | None = None) -> bool:
    """Whether a returned value, in canonical form, equals the expected JSON text, or is one that `rule` accepts.

    ValueError if the expected text is no JSON; never raises on account of `encoded`.
    """
    return compare_value(encoded, decode_expected(expected_json), mode=mode, rule=rule) == "equal"


def compare_value(encoded: object, expected: object, *, mode: ValueMode, rule: AnswerRule | None = None) -> Outcome:
    """How a returned value in canonical form compares with the decoded expectation.

    As Python's `==` on the original objects would (numbers by exact value, NaN equal to nothing,
    text by code point, dicts without order), after this rule for tuples and numpy arrays. `lcb`: the
    outermost tuple is a list, an array of one element is that element, another array is "error" (as
    LiveCodeBench dies of it). `judge`: tuples and arrays are lists at every depth, and what `rule`
    accepts is equal: numbers within its tolerance, the items of the outermost list in any order.
    """
    if mode == "judge" and rule is not None and rule.any_order and isinstance(expected, list):
        return "equal" if _same_items(encoded, expected) else "different"
    try:
        return "equal" if _equal(encoded, expected, mode, rule) else "different"
    except AmbiguousArray:
        return "error"


def _same_items(encoded: object, expected: list[object]) -> bool:
    """Whether a returned list holds the expected items, each as often, in any order."""
    tag, content = _untag(encoded)
    if tag not in ("list", "tuple", "array") or not isinstance(content, list) or len(content) != len(expected):
        return False
    items = [_as_key(item) for item in content]
    return None not in items and Counter(items) == Counter(map(_key_of_expected, expected))


def _as_key(encoded: object, depth: int = 0) -> Hashable:
    """A returned value as a key that equals another value's if `_equal` says so; None for what equals nothing."""
    if depth > _MAX_DEPTH:
        return None
    tag, content = _untag(encoded)
    if tag == "dict" and isinstance(content, list):
        pairs = _text_keys(content)
        if pairs is None or len(pairs) != len(content):
            return None
        members = [(key, _as_key(value, depth + 1)) for key, value in pairs.items()]
        return None if any(value is None for _, value in members) else ("dict", frozenset(members))
    if tag and isinstance(content, list):
        items = tuple(_as_key(item, depth + 1) for item in content)
        return None if None in items else ("list", items)
    if encoded is None:
        return ("null",)
    word = decode_text(encoded)
    return ("text", word) if word is not None else _number(encoded)


def _key_of_expected(value: object) -> Hashable:
    if isinstance(value, dict):
        return ("dict", frozenset((key, _key_of_expected(each)) for key, each in value.items()))
    if isinstance(value, list):
        return ("list", tuple(map(_key_of_expected, value)))
    if value is None:
        return ("null",)
    return ("text", value) if isinstance(value, str) else _number(value)


def plain_json(encoded: object) -> str | None:
    """A returned value as JSON text, for a checker: tuples and arrays as lists. None for what JSON cannot hold."""
    try:
        return json.dumps(_plain(encoded), allow_nan=False)
    except ValueError:
        return None


def _plain(encoded: object, depth: int = 0) -> object:
    """ValueError for what is no JSON, or nested more deeply than the harness goes."""
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deeply")
    tag, content = _untag(encoded)
    if tag == "dict" and isinstance(content, list):
        pairs = _text_keys(content)
        if pairs is None:
            raise ValueError("a key is no text")
        return {key: _plain(value, depth + 1) for key, value in pairs.items()}
    if tag and isinstance(content, list):
        return [_plain(item, depth + 1) for item in content]
    if encoded is None or isinstance(encoded, bool):
        return encoded
    word = decode_text(encoded)
    if word is not None:
        return word
    number = _number(encoded)
    if number is None or (isinstance(number, Fraction) and number.denominator != 1):
        raise ValueError("no JSON")
    return int(number) if isinstance(number, Fraction) else number


def starts_equal(encoded: object, expected: object) -> bool:
    """Whether a returned numpy array of several elements begins as the decoded expectation does.

    LiveCodeBench keeps `array == expected` itself as the test's code before it dies of asking for its truth, and
    makes its first element of it afterwards (`codegen_metrics`). Elements meet as numpy's broadcasting has it.
    """
    tag, content = _untag(encoded)
    ours, theirs = _shape(content), _shape(expected)
    if tag != "array" or ours is None or theirs is None or 0 in (*ours, *theirs):
        return False
    if any(a != b and 1 not in (a, b) for a, b in zip(reversed(ours), reversed(theirs), strict=False)):
        return False
    try:
        return _equal(_first_leaf(content), _first_leaf(expected), "lcb", None)
    except AmbiguousArray:  # an array of objects may hold arrays
        return False


def _shape(nested: object, deepest: int = 64) -> tuple[int, ...] | None:
    """Lengths by depth of nested lists; None if they are no box, or one of more dimensions than numpy knows."""
    if not isinstance(nested, list):
        return ()
    inner = {_shape(each, deepest - 1) for each in nested} if deepest else {None}
    if len(inner) > 1 or None in inner:
        return None
    return len(nested), *(inner.pop() or () if inner else ())


def _first_leaf(nested: object) -> object:
    while isinstance(nested, list):
        nested = nested[0]
    return nested


def _equal(encoded: object, expected: object, mode: ValueMode, rule: AnswerRule | None) -> bool:
    # A stack, not recursion: the depth is the dataset's. Last in, first out, and children pushed in
    # reverse, so that pairs are met in the order in which `==` meets them.
    todo: list[tuple[object, object]] = [(encoded, expected)]
    outermost = True
    while todo:
        left, right = todo.pop()
        tag, content = _untag(left)
        if tag == "array" and mode == "lcb":
            left, right = _single_element(content, right)
            tag, content = _untag(left)
        elif tag == "array" and not isinstance(content, list):  # of no dimension: its only element
            left = content
            tag, content = _untag(left)
        if isinstance(right, list):
            is_list = tag == "list" or (tag == "tuple" and (outermost or mode == "judge"))
            if not (is_list or (tag == "array" and mode == "judge")):
                return False
            if not isinstance(content, list) or len(content) != len(right):
                return False
            todo.extend(zip(reversed(content), reversed(right), strict=True))
        elif isinstance(right, dict):
            if tag != "dict" or not isinstance(content, list):
                return False
            pairs = _text_keys(content)
            if pairs is None or len(pairs) != len(content) or pairs.keys() != right.keys():
                return False
            todo.extend((pairs[key], right[key]) for key in reversed(right))
        elif right is None:
            if left is not None:
                return False
        elif isinstance(right, str):
            if decode_text(left) != right:
                return False
        elif (number := _number(left)) is None or not (number == right or _near(number, right, rule)):
            return False
        outermost = False
    return True


def _near(number: int | float | Fraction, expected: object, rule: AnswerRule | None) -> bool:
    if rule is None or not rule.tolerant or not isinstance(expected, int | float):
        return False
    try:
        return within(float(number), float(expected), rule)
    except OverflowError:  # an integer beyond all floats
        return False


def _untag(encoded: object) -> tuple[str, object]:
    """Kind and content of a compound value; ('', encoded) for all others."""
    if type(encoded) is list:
        return "list", encoded
    if type(encoded) is dict and len(encoded) == 1:
        ((tag, content),) = encoded.items()
        name = {"t": "tuple", "d": "dict", "a": "array"}.get(tag)
        if name is not None:
            return name, content
    return "", encoded


def _single_element(content: object, expected: object) -> tuple[object, object]:
    """An array's only element and what it is compared with; AmbiguousArray if there is no only one."""
    while isinstance(content, list):
        if len(content) != 1:
            raise AmbiguousArray
        content = content[0]
    while isinstance(expected, list):
        if len(expected) != 1:
            raise AmbiguousArray  # broadcast to several elements
        expected = expected[0]
    return content, expected


def _text_keys(pairs: list[object]) -> dict[str, object] | None:
    """The pairs as a dict; None if a key is no text, which equals no key of JSON."""
    found: dict[str, object] = {}
    for pair in pairs:
        if type(pair) is not list or len(pair) != 2:
            return None
        key = decode_text(pair[0])
        if key is None:
            return None
        found[key] = pair[1]
    return found


def decode_text(encoded: object) -> str | None:
    """The str of a canonical text; None if `encoded` is none."""
    if type(encoded) is str:
        return encoded
    content = _only(encoded, "s")
    if type(content) is not str:
        return None
    try:
        return bytes.fromhex(content).decode("utf-8", "surrogatepass")
    except ValueError:
        return None


def _number(encoded: object) -> int | float | Fraction | None:
    """The exact value of a canonical number (bool counts as one); None if it is none, or NaN."""
    if isinstance(encoded, (bool, int)):
        return encoded
    if isinstance(encoded, float):
        return None if math.isnan(encoded) else encoded
    if type(encoded) is not dict or len(encoded) != 1:
        return None
    ((tag, content),) = encoded.items()
    if tag == "i":
        return _int_of_hex(content)
    if tag == "f":
        return {"inf": math.inf, "-inf": -math.inf}.get(content) if type(content) is str else None
    if tag == "r" and type(content) is list and len(content) == 2:
        numerator, denominator = _int_of_hex(content[0]), _int_of_hex(content[1])
        return Fraction(numerator, denominator) if numerator is not None and denominator else None
    if tag == "m" and type(content) is list and len(content) == 3:
        return _scaled(*content)
    if tag == "c" and type(content) is list and len(content) == 2:
        real, imaginary = content
        return _number(real) if type(real) in (float, dict) and imaginary == 0 else None
    return None


def _scaled(negative: object, digits: object, exponent: object) -> int | Fraction | None:
    """(-1)**negative * digits * 10**exponent, None where no int or float can equal it."""
    if type(negative) is not bool or type(digits) is not str or type(exponent) is not int:
        return None
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 2 * MAX_INT_DIGITS):
        return None
    kept = digits.rstrip("0")
    if not kept:
        return 0
    exponent += len(digits) - len(kept)
    if not -_FLOAT_DECIMALS <= exponent <= MAX_INT_DIGITS:
        return None
    value = Fraction(_int_of_decimal(kept)) * Fraction(10) ** exponent
    return -value if negative else value


def _int_of_hex(content: object) -> int | None:
    if type(content) is not str or len(content) > _MAX_HEX_DIGITS:
        return None
    try:
        return int(content, 16)
    except ValueError:
        return None


def _int_of_decimal(digits: str) -> int:
    """int(digits) for more digits than the interpreter converts at once."""
    if len(digits) <= _CHUNK_DIGITS:
        return int(digits)
    negative = digits.startswith("-")
    value = 0
    body = digits[negative:]
    for start in range(0, len(body), _CHUNK_DIGITS):
        chunk = body[start : start + _CHUNK_DIGITS]
        value = value * 10 ** len(chunk) + int(chunk)
    return -value if negative else value


def _only(encoded: object, tag: str) -> object:
    return encoded[tag] if type(encoded) is dict and len(encoded) == 1 and tag in encoded else None
