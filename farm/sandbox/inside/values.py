"""Python values between two processes: arguments one way, results the other. Mode `asserts`.

Tests that are Python work on real values, so what a program returns must become one again. The form is
that of `canonical.py`, and more, since there the worker compares, and here a test may do anything:

    {"S": [...]} set         {"Z": [...]} frozenset        {"b": hex} bytes     {"B": hex} bytearray
    {"g": [a, b, c]} range   {"q": [[...], maxlen]} deque  {"k": [kind, pairs]} a dict's keys, values or items
    {"O": pairs} OrderedDict {"C": pairs} Counter          {"D": pairs} defaultdict, without its factory
    {"T": name}              a class of the module builtins
    {"x": [number, class name, truth, iterates]}           an object that stays where it is
    {"x": [number]}                                        one whose content crosses: `objects.py`

`decode` builds values of exactly these types and never calls anything that came with them: what is
no such form is a ValueError. Standard library only: this runs in both children.
"""

from __future__ import annotations

import builtins
import collections
import decimal
import fractions
import sys
from collections.abc import Callable
from typing import Any

from .canonical import KINDS, Encoder, TooLarge, encode_text

_VIEWS = {"keys": type({}.keys()), "values": type({}.values()), "items": type({}.items())}
_CLASSES = {id(kind): name for name, kind in vars(builtins).items() if type(kind) is type}
_CLASS_OF = {name: kind for name, kind in vars(builtins).items() if type(kind) is type}

Keep = Callable[[object], "list[Any] | None"]  # the form of an object that stays here; None: it cannot be named
Find = Callable[["list[Any]"], object]  # what the form of an object that stays elsewhere becomes here


def encode(value: object, keep: Keep) -> Any:
    """The form of `value`, ready for `json.dumps`. `keep` decides about objects that are no plain data.

    What is too large, too deep, contains itself or that `keep` refuses is `{"o": name}`: equal to nothing.
    """
    try:
        return _Encoder(keep).encode(value, 0)
    except TooLarge:
        return {"o": "too many items"}


class _Encoder(Encoder):
    def __init__(self, keep: Keep) -> None:
        super().__init__(_KINDS)
        self._keep = keep

    def opaque(self, value: object) -> Any:
        if id(value) in _CLASSES:
            return {"T": _CLASSES[id(value)]}
        kept = self._keep(value)
        return super().opaque(value) if kept is None else {"x": kept}

    def tagged(self, tag: str, value: object, parts: list[Any], depth: int) -> Any:
        encoded = self.sequence(value, parts, depth)
        return {tag: encoded} if type(encoded) is list else encoded

    def _set(self, value: set[Any], depth: int) -> Any:
        return self.tagged("S", value, list(set.__iter__(value)), depth)

    def _frozenset(self, value: frozenset[Any], depth: int) -> Any:
        return self.tagged("Z", value, list(frozenset.__iter__(value)), depth)

    def _bytes(self, value: bytes, depth: int) -> Any:
        return {"b": bytes.hex(value)}

    def _bytearray(self, value: bytearray, depth: int) -> Any:
        return {"B": bytearray.hex(value)}

    def _range(self, value: range, depth: int) -> Any:
        return {"g": [self.encode(part, depth) for part in (value.start, value.stop, value.step)]}

    def _deque(self, value: collections.deque[Any], depth: int) -> Any:
        encoded = self.sequence(value, list(collections.deque.__iter__(value)), depth)
        limit = collections.deque.__dict__["maxlen"].__get__(value)
        return {"q": [encoded, limit]} if type(encoded) is list else encoded

    def _dictionary(self, tag: str, value: dict[Any, Any], depth: int) -> Any:
        encoded = self.pairs(value, dict.items(value), depth)
        return {tag: encoded["d"]} if "d" in encoded else encoded

    def _view(self, kind: str, value: Any, depth: int) -> Any:
        content = list(value)  # views cannot be subclassed: this is the interpreter's own iteration
        pairs = content if kind == "items" else [(part, None) if kind == "keys" else (None, part) for part in content]
        encoded = self.pairs(value, pairs, depth)
        return {"k": [kind, encoded["d"]]} if "d" in encoded else encoded


_KINDS: dict[int, Callable[[Any, Any, int], Any]] = {
    **KINDS,
    id(set): _Encoder._set,
    id(frozenset): _Encoder._frozenset,
    id(bytes): _Encoder._bytes,
    id(bytearray): _Encoder._bytearray,
    id(range): _Encoder._range,
    id(collections.deque): _Encoder._deque,
    id(collections.OrderedDict): lambda self, value, depth: self._dictionary("O", value, depth),
    id(collections.Counter): lambda self, value, depth: self._dictionary("C", value, depth),
    id(collections.defaultdict): lambda self, value, depth: self._dictionary("D", value, depth),
    id(_VIEWS["keys"]): lambda self, value, depth: self._view("keys", value, depth),
    id(_VIEWS["values"]): lambda self, value, depth: self._view("values", value, depth),
    id(_VIEWS["items"]): lambda self, value, depth: self._view("items", value, depth),
}


def decode(form: object, find: Find) -> Any:
    """The value of a form. Raises ValueError if it is none, whatever was sent."""
    try:
        return _decode(form, find)
    except (TypeError, ArithmeticError, RecursionError, LookupError) as error:
        raise ValueError(f"no form of a value: {error}") from error


def decode_text(form: object) -> str:
    """A text in canonical form. ValueError if it is none."""
    if type(form) is str:
        return form
    if type(form) is dict and list(form) == ["s"] and type(form["s"]) is str:
        return bytes.fromhex(form["s"]).decode("utf-8", "surrogatepass")
    raise ValueError("no form of a text")


def _decode(form: Any, find: Find) -> Any:
    if form is None or type(form) in (bool, int, float, str):
        return form
    if type(form) is list:
        return [_decode(part, find) for part in form]
    if type(form) is not dict or len(form) != 1:
        raise ValueError("no form of a value")
    ((tag, content),) = form.items()
    if tag == "x" and type(content) is list:
        return find(content)
    if tag in _PLAIN:
        return _PLAIN[tag](content)
    if tag in ("d", "O", "C", "D", "k"):
        return _dictionary(tag, content, find)
    if tag in _CONTAINERS and type(content) is list:
        return _CONTAINERS[tag](_decode(content, find))
    if tag == "a":
        return _array(_decode(content, find))
    raise ValueError(f"no form of a value: {tag!r:.20}")


def _dictionary(tag: str, content: Any, find: Find) -> Any:
    kind = ""
    if tag == "k":
        kind, content = content
    pairs = [(_decode(key, find), _decode(value, find)) for key, value in content]
    if kind == "keys":
        return dict(pairs).keys()
    if kind == "values":
        return dict(enumerate(value for _, value in pairs)).values()
    if kind == "items":
        return dict(pairs).items()
    if kind:
        raise ValueError("no view of a dict")
    if tag == "C":
        return collections.Counter(dict(pairs))
    if tag == "O":
        return collections.OrderedDict(pairs)
    return dict(pairs) if tag == "d" else collections.defaultdict(None, pairs)


def _number(digits: Any) -> int:
    if type(digits) is not str or len(digits) > 1 << 16:
        raise ValueError("no integer")
    return int(digits, 16)


def _decimal(content: Any) -> decimal.Decimal:
    negative, digits, exponent = content
    if type(digits) is not str or not digits.isdecimal() or type(exponent) is not int:
        raise ValueError("no decimal")
    return decimal.Decimal((int(negative), tuple(map(int, digits)), exponent))


def _complex(content: Any) -> complex:
    real, imaginary = (_decode(part, _nothing) for part in content)
    if type(real) is not float or type(imaginary) is not float:
        raise ValueError("no complex number")
    return complex(real, imaginary)


def _float(content: Any) -> float:
    if content not in ("nan", "inf", "-inf"):
        raise ValueError("no float")
    return float(content)


def _array(content: Any) -> Any:
    """A numpy array, where numpy was loaded ahead; else its list, which an array equals in no test."""
    numpy = sys.modules.get("numpy")
    return content if numpy is None else numpy.array(content)


def _nothing(form: list[Any]) -> object:
    raise ValueError("no object can be here")


class Unknown:
    """In place of a value that could not be sent: equal to nothing but itself."""


_PLAIN: dict[str, Callable[[Any], Any]] = {
    "i": _number,
    "f": _float,
    "s": lambda content: decode_text({"s": content}),
    "r": lambda content: fractions.Fraction(_number(content[0]), _number(content[1])),
    "m": _decimal,
    "c": _complex,
    "b": lambda content: bytes.fromhex(content),
    "B": lambda content: bytearray(bytes.fromhex(content)),
    "g": lambda content: range(*(_decode(part, _nothing) for part in content)),
    "T": lambda content: _CLASS_OF[content],
    "o": lambda content: Unknown(),
}
_CONTAINERS: dict[str, Callable[[Any], Any]] = {
    "t": tuple,
    "S": set,
    "Z": frozenset,
    "q": lambda content: collections.deque(content[0], content[1]),
}


def put_into(old: Any, new: Any) -> Any:
    """`new`, and if `old` is a container of the same type, as the new content of `old` itself.

    That is how a change which a program made to its argument reaches the caller's object.
    """
    kind = type(old)
    if kind is not type(new):
        return new
    if kind is list:
        old[:] = [put_into(*both) for both in zip(old, new, strict=False)] + new[len(old) :]
        return old
    if kind is tuple:
        for both in zip(old, new, strict=False):
            put_into(*both)
        return old if old == new else new
    if kind in (dict, collections.OrderedDict, collections.Counter, collections.defaultdict):
        content = {key: put_into(old[key], value) if key in old else value for key, value in new.items()}
        old.clear()
        old.update(content)
        return old
    if kind in (set, bytearray, collections.deque):
        content = type(new)(new)
        old.clear()
        old.extend(content) if kind is not set else old.update(content)
        return old
    return new


def text_form(text: str) -> Any:
    """A text as `decode_text` reads it, cut to what a message shows."""
    return encode_text(text[:300])
