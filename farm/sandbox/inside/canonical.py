"""A returned object as plain data, made inside the sandbox without calling any of its code.

The worker cannot see the object, so the child describes it in tagged JSON, and the worker compares
the description (`farm/judging/values.py`). A class of the program may lie about everything that is
looked up on it (`__eq__`, `__iter__`, `__class__`, a metaclass' `__hash__`), so types are told by the
interpreter's own method resolution order and contents are read with the base types' own methods.

    null, bool, float, str, list   themselves; an int too, if it is small
    {"i": hex}          a large int                {"f": "nan" | "inf" | "-inf"}   no JSON number
    {"s": hex}          a str with surrogates, as UTF-8 (surrogatepass)
    {"t": [...]}        tuple                      {"d": [[key, value], ...]}      dict
    {"r": [hex, hex]}   Fraction                   {"m": [negative, digits, exponent]}  Decimal
    {"c": [re, im]}     complex                    {"a": nested list}              numpy array
    {"o": name}         anything else: equal to nothing

Standard library only: this runs in the child.
"""

from __future__ import annotations

import collections
import decimal
import fractions
import sys
from collections.abc import Callable
from math import isfinite
from types import ModuleType
from typing import Any

MAX_DEPTH = 200
MAX_ITEMS = 4_000_000  # of a whole result; more does not fit the result frame anyway
MAX_INT_BITS = 166_097  # 50 000 decimal digits
_SMALL_INT = 1 << 53
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: set on every class that Python code made

_mro_of = type.__dict__["__mro__"].__get__
_flags_of = type.__dict__["__flags__"].__get__
_module_dict_of: Callable[[object], dict[str, Any]] = type.__dict__["__dict__"].__get__(ModuleType)["__dict__"].__get__
_name_of = type.__dict__["__name__"].__get__
_instance_dict_of = {
    id(kind): kind.__dict__["__dict__"].__get__
    for kind in (collections.UserList, collections.UserDict, collections.UserString)
}
_numerator_of = fractions.Fraction.__dict__["_numerator"].__get__
_denominator_of = fractions.Fraction.__dict__["_denominator"].__get__


class TooLarge(Exception):
    pass


def encode(value: object) -> Any:
    """The canonical form of `value`, ready for `json.dumps`. Runs no code of the value's class.

    Cycles, depth over 200, integers over 50 000 digits and results of over 4 million items are
    opaque: they equal nothing.
    """
    encoder = Encoder()
    try:
        return encoder.encode(value, 0)
    except TooLarge:
        return {"o": "too many items"}


def encode_text(text: str) -> Any:
    """A str as JSON can carry it: itself, or tagged if it holds surrogates.

    JSON escapes would join a high and a low surrogate into one character, which they are not.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return {"s": text.encode("utf-8", "surrogatepass").hex()}
    return text


class Encoder:
    """One value's encoding. `kinds` says how each type is encoded, by the type's identity; see `values.py`."""

    def __init__(self, kinds: dict[int, Callable[[Any, Any, int], Any]] | None = None) -> None:
        self.kinds = KINDS if kinds is None else kinds
        self.items = 0
        self.path: set[int] = set()  # ids of the containers around the current value

    def encode(self, value: Any, depth: int) -> Any:
        if value is None or value is True or value is False:
            return value
        for kind in _mro_of(type(value)):
            method = self.kinds.get(id(kind))
            if method is not None:
                return method(self, value, depth)
        return self._numpy(value, depth)

    def opaque(self, value: object) -> Any:
        return {"o": encode_text(_name_of(type(value))[:80])}

    def _int(self, value: int, depth: int) -> Any:
        exact = int.__int__(value)
        if -_SMALL_INT < exact < _SMALL_INT:
            return exact
        if exact.bit_length() > MAX_INT_BITS:
            return {"o": "int of over 50000 digits"}
        return {"i": hex(exact)}

    def _float(self, value: float, depth: int) -> Any:
        exact = float.__float__(value)
        return exact if isfinite(exact) else {"f": float.__repr__(exact)}

    def _complex(self, value: complex, depth: int) -> Any:
        exact = complex.__complex__(value)
        return {"c": [self._float(exact.real, depth), self._float(exact.imag, depth)]}

    def _str(self, value: str, depth: int) -> Any:
        return encode_text(str.__str__(value))

    def _list(self, value: list[Any], depth: int) -> Any:
        return self.sequence(value, list.copy(value), depth)

    def _tuple(self, value: tuple[Any, ...], depth: int) -> Any:
        encoded = self.sequence(value, list(tuple.__iter__(value)), depth)
        return {"t": encoded} if type(encoded) is list else encoded

    def _dict(self, value: dict[Any, Any], depth: int) -> Any:
        # A view of the base type: the keys are not hashed or compared again.
        return self.pairs(value, dict.items(value), depth)

    def pairs(self, container: object, pairs: Any, depth: int) -> Any:
        flat = [part for pair in list(pairs) for part in pair]
        encoded = self.sequence(container, flat, depth)
        if type(encoded) is not list:
            return encoded
        return {"d": [encoded[place : place + 2] for place in range(0, len(encoded), 2)]}

    def sequence(self, container: object, parts: list[Any], depth: int) -> Any:
        if depth >= MAX_DEPTH:
            return {"o": "nested too deeply"}
        if id(container) in self.path:
            return {"o": "contains itself"}
        self.items += len(parts)
        if self.items > MAX_ITEMS:
            raise TooLarge
        self.path.add(id(container))
        encode = self.encode
        encoded = [part if type(part) is bool or part is None else encode(part, depth + 1) for part in parts]
        self.path.discard(id(container))
        return encoded

    def _fraction(self, value: Any, depth: int) -> Any:
        numerator, denominator = _numerator_of(value), _denominator_of(value)
        if type(numerator) is not int or type(denominator) is not int:
            return self.opaque(value)
        if max(numerator.bit_length(), denominator.bit_length()) > MAX_INT_BITS:
            return self.opaque(value)
        return {"r": [hex(numerator), hex(denominator)]}

    def _decimal(self, value: Any, depth: int) -> Any:
        if decimal.Decimal.is_nan(value):
            return {"f": "nan"}
        sign, digits, exponent = decimal.Decimal.as_tuple(value)
        if decimal.Decimal.is_infinite(value):
            return {"f": "-inf" if sign else "inf"}
        if len(digits) > 50_000:
            return self.opaque(value)
        return {"m": [sign == 1, "".join(map(str, digits)), exponent]}

    def _user_container(self, kind: type, value: Any, depth: int, want: type) -> Any:
        content = dict.get(_instance_dict_of[id(kind)](value), "data")
        if type(content) is not want or depth >= MAX_DEPTH:
            return self.opaque(value)
        return self.encode(content, depth + 1)

    def _user_list(self, value: Any, depth: int) -> Any:
        return self._user_container(collections.UserList, value, depth, list)

    def _user_dict(self, value: Any, depth: int) -> Any:
        return self._user_container(collections.UserDict, value, depth, dict)

    def _user_string(self, value: Any, depth: int) -> Any:
        return self._user_container(collections.UserString, value, depth, str)

    def _numpy(self, value: Any, depth: int) -> Any:
        """numpy's scalars and arrays, if the program has imported numpy; else opaque."""
        numpy = sys.modules.get("numpy")
        if type(numpy) is not ModuleType:
            return self.opaque(value)
        names = _module_dict_of(numpy)
        scalar: Any = names.get("generic")
        array: Any = names.get("ndarray")
        if not (_is_builtin_class(scalar) and _is_builtin_class(array)):
            return self.opaque(value)
        mro = _mro_of(type(value))
        if any(kind is scalar for kind in mro):
            item = scalar.item(value)
            if any(kind is scalar for kind in _mro_of(type(item))):
                return self.opaque(value)  # such as longdouble, which has no Python equal
            return self.encode(item, depth)
        if any(kind is array for kind in mro):
            self.items += array.__dict__["size"].__get__(value)
            if self.items > MAX_ITEMS:
                raise TooLarge
            return {"a": self.encode(array.tolist(value), depth)}
        return self.opaque(value)


def _is_builtin_class(kind: Any) -> bool:
    """Whether `kind` is a class made in C: a program cannot make one, nor patch one's methods."""
    return type(kind) is type and not _flags_of(kind) & _HEAP_TYPE


# By identity: a dict keyed by classes would call a metaclass' __hash__ and __eq__.
KINDS: dict[int, Callable[[Any, Any, int], Any]] = {
    id(int): Encoder._int,
    id(float): Encoder._float,
    id(complex): Encoder._complex,
    id(str): Encoder._str,
    id(list): Encoder._list,
    id(tuple): Encoder._tuple,
    id(dict): Encoder._dict,
    id(fractions.Fraction): Encoder._fraction,
    id(decimal.Decimal): Encoder._decimal,
    id(collections.UserList): Encoder._user_list,
    id(collections.UserDict): Encoder._user_dict,
    id(collections.UserString): Encoder._user_string,
}
