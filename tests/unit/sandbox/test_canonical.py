"""The description of a returned object runs none of its code, and ends."""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import Any

import pytest

from farm.sandbox.inside import canonical
from farm.sandbox.inside.canonical import encode, encode_text


class Loud(Exception):
    """Raised by every method that a description must not call."""


def _raise(*_arguments: Any, **_options: Any) -> Any:
    raise Loud


_METHODS = """__eq__ __hash__ __repr__ __str__ __iter__ __len__ __getitem__ __getattribute__ __getattr__ __bool__
__int__ __index__ __float__ __complex__ __reduce__ __reduce_ex__ __class_getitem__ __contains__ __format__
keys items values copy tolist item"""
LOUD: dict[str, Any] = dict.fromkeys(_METHODS.split(), _raise)


class LoudMeta(type):
    def __eq__(cls, other: object) -> bool:
        raise Loud

    def __hash__(cls) -> int:
        raise Loud

    def __getattribute__(cls, name: str) -> Any:
        raise Loud

    def __instancecheck__(cls, instance: object) -> bool:
        raise Loud


def loud(*bases: type, meta: Any = type) -> Any:
    """A class whose every method raises, made without calling any of them."""
    new: Any = type.__new__
    return new(meta, "Loud", bases, {**LOUD, "__class__": property(_raise), "__dict__": property(_raise)})


def made(base: Any, content: Any, meta: type = type) -> Any:
    kind = loud(base, meta=meta)
    value = base.__new__(kind, content) if base in (int, float, str, tuple) else base.__new__(kind)
    if base in (list, dict):
        base.__init__(value, content)
    return value


@pytest.mark.parametrize("meta", [type, LoudMeta])
@pytest.mark.parametrize(
    ("base", "content", "described"),
    [
        (int, 7, 7),
        (float, 0.5, 0.5),
        (str, "x", "x"),
        (list, [1, (2,)], [1, {"t": [2]}]),
        (tuple, (1, 2), {"t": [1, 2]}),
        (dict, {"a": 1}, {"d": [["a", 1]]}),
    ],
)
def test_subclasses_are_read_with_the_base_type_s_methods(base: type, content: Any, described: Any, meta: type) -> None:
    value = made(base, content, meta)
    assert json.dumps(encode(value)) == json.dumps(described)
    assert json.dumps(encode([value])) == json.dumps([described])


@pytest.mark.parametrize("meta", [type, LoudMeta])
def test_objects_are_opaque(meta: type) -> None:
    assert encode(object.__new__(loud(object, meta=meta))) == {"o": "Loud"}


def test_plain_things_that_equal_nothing_are_opaque() -> None:
    opaque: list[Any] = [{1}, b"x", range(2), (x for x in "a"), len, int, sys, ..., {}.keys(), bytearray(), iter("a")]
    for value in opaque:
        assert set(encode(value)) == {"o"}


def test_cycles_end() -> None:
    ring: list[Any] = []
    ring.append(ring)
    assert encode(ring) == [{"o": "contains itself"}]
    table: dict[str, Any] = {}
    table["me"] = [table, table]
    assert encode(table) == {"d": [["me", [{"o": "contains itself"}, {"o": "contains itself"}]]]}
    shared = [1]
    assert encode([shared, shared]) == [[1], [1]]


def test_depth_is_bounded() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    text = json.dumps(encode(deep))
    assert text.count("[") == canonical.MAX_DEPTH
    assert "nested too deeply" in text


def test_size_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canonical, "MAX_ITEMS", 1_000)
    wide: Any = [0] * 10
    for _ in range(8):
        wide = [wide] * 10  # ten objects, 10**9 items
    assert encode(wide) == {"o": "too many items"}
    assert encode([0] * 1_000) == [0] * 1_000


def test_integers() -> None:
    assert encode(2**53 - 1) == 2**53 - 1
    assert encode(-(2**53)) == {"i": "-0x20000000000000"}
    assert set(encode(10**49_999)) == {"i"}
    assert encode(10**60_000) == {"o": "int of over 50000 digits"}


def test_surrogates_are_kept_apart() -> None:
    """As JSON escapes, a high and a low one would be read back as one character."""
    assert encode_text("\ud83d\ude00") == {"s": "eda0bdedb880"}
    assert encode("a\udcff") == {"s": "61edb3bf"}
    assert encode("😀") == "😀"


def test_a_false_numpy_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    class Scalar:
        def item(self) -> int:
            raise Loud

    fake = ModuleType("numpy")
    vars(fake).update(generic=Scalar, ndarray=Scalar)
    monkeypatch.setitem(sys.modules, "numpy", fake)
    assert encode(Scalar()) == {"o": "Scalar"}
    monkeypatch.setitem(sys.modules, "numpy", object())
    assert encode(Scalar()) == {"o": "Scalar"}


def test_numpy_subclasses_keep_their_code_out() -> None:
    numpy = pytest.importorskip("numpy")

    class Mine(numpy.ndarray):  # type: ignore[misc, name-defined]
        def tolist(self) -> Any:
            raise Loud

        def __len__(self) -> int:
            raise Loud

    assert encode(numpy.arange(3).view(Mine)) == {"a": [0, 1, 2]}
    assert encode(numpy.array([[1.5]])) == {"a": [[1.5]]}
    assert encode(numpy.datetime64("2024-01-01")) == {"o": "date"}
    assert encode(numpy.broadcast_to(numpy.int8(0), (10**9,))) == {"o": "too many items"}
    assert set(encode(numpy.longdouble(1))) == {"o"}
