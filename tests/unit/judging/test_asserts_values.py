"""Values on their way between tests and program: the same when they arrive, and nothing but values."""

from __future__ import annotations

import collections
import decimal
import fractions
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.sandbox.inside import values


def refuse(value: object) -> list[Any]:
    raise AssertionError(f"{value!r} is plain data")


def no_object(form: list[Any]) -> object:
    raise AssertionError("no object was sent")


def sent(value: object) -> Any:
    """What arrives on the other side of a frame."""
    return values.decode(json.loads(json.dumps(values.encode(value, refuse), allow_nan=False)), no_object)


PLAIN: list[Any] = [
    None, True, False, 0, -1, 1 << 200, 0.5, -0.0, math.inf, -math.inf, "", "text", "\ud800", "\x00", b"", b"\xff",
    bytearray(b"a"), [], [[1], [2]], (), (1,), ((1, [2]),), {}, {"a": 1, 2: "b", (1, 2): None}, set(), {"a"}, {1, 2.5},
    frozenset({1}), {frozenset({1}): {2}}, range(3), range(10, 0, -2), 1j, complex(0, -math.inf),
    fractions.Fraction(1, 3), decimal.Decimal("1.50"), decimal.Decimal("-0"), collections.deque([1, 2], maxlen=2),
    collections.OrderedDict([("b", 1), ("a", 2)]), collections.Counter("aab"), int, dict,
]  # fmt: skip


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_a_plain_value_arrives_as_it_is(value: object) -> None:
    arrived = sent(value)
    assert type(arrived) is type(value)
    assert arrived == value
    assert repr(arrived) == repr(value)  # what `==` does not tell: signs of zero, order, types inside


def test_nan_arrives_as_nan() -> None:
    assert math.isnan(sent(math.nan))


def test_views_arrive_as_views() -> None:
    source = {"a": [1], "b": 2}
    assert sent(source.keys()) == source.keys()
    assert list(sent(source.values())) == [[1], 2]
    assert list(sent(source.items())) == [("a", [1]), ("b", 2)]


def test_a_default_dict_arrives_without_its_factory() -> None:
    source: dict[str, list[int]] = collections.defaultdict(list, a=[1])
    arrived = sent(source)
    assert arrived == {"a": [1]}
    with pytest.raises(KeyError):
        arrived["b"]


class Liar(int):
    """Whatever is asked of it, it says yes; but it is 3."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 3

    def __int__(self) -> int:
        return 5

    def __bool__(self) -> bool:
        return False


class Agreeable(list):  # type: ignore[type-arg]
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None

    def __iter__(self) -> Any:
        return iter([42])


def test_a_subclass_arrives_as_its_base() -> None:
    assert (type(sent(Liar(3))), sent(Liar(3)) == 5) == (int, False)
    assert (type(sent(Agreeable([1]))), sent(Agreeable([1])) == [2]) == (list, False)
    Point = collections.namedtuple("Point", "x y")
    assert sent(Point(1, 2)) == (1, 2)


def test_what_cannot_be_sent_equals_nothing() -> None:
    loop: list[Any] = []
    loop.append(loop)
    deep: list[Any] = []
    for _ in range(300):
        deep = [deep]
    for value in (loop, deep, 1 << 200_000):
        assert sent(value) != value
    one, other = sent(loop)[0], sent(loop)[0]
    assert one != other


def test_other_objects_are_the_callers_to_name() -> None:
    kept: list[object] = []

    def keep(value: object) -> list[Any]:
        kept.append(value)
        return [len(kept) - 1]

    thing = object()
    form = json.loads(json.dumps(values.encode({"a": [thing]}, keep)))
    assert values.decode(form, lambda numbers: kept[numbers[0]]) == {"a": [thing]}


MALFORMED: list[Any] = [
    {}, {"z": 1}, {"a": 1, "b": 2}, {"i": 5}, {"i": "zz"}, {"i": "f" * 100_000}, {"f": "1"}, {"f": []}, {"s": "g"},
    {"s": 1}, {"r": ["1", "0x0"]}, {"r": 5}, {"m": [1, 2, 3]}, {"m": []}, {"c": [1, 2]}, {"c": "ab"}, {"t": 5},
    {"S": [[1]]}, {"S": [{}]}, {"Z": [{"S": []}]}, {"d": [[{"t": [[]]}, 1]]}, {"d": 7}, {"d": [[1]]}, {"C": [["a"]]},
    {"k": ["keys"]}, {"k": ["other", []]}, {"k": 1}, {"g": [0, 1, 0]}, {"g": ["a", "b", "c"]}, {"q": []}, {"q": [5, 1]},
    {"b": "q"}, {"b": 5}, {"B": None}, {"T": "eval"}, {"T": "nothing"}, {"T": []}, {"x": 5}, {"o": 1, "x": 2},
]  # fmt: skip


@pytest.mark.parametrize("form", MALFORMED, ids=repr)
def test_what_is_no_form_is_a_value_error(form: object) -> None:
    with pytest.raises(ValueError):
        values.decode(form, no_object)


def test_a_form_that_is_too_deep_is_a_value_error() -> None:
    form: Any = []
    for _ in range(100_000):
        form = [form]
    with pytest.raises(ValueError):
        values.decode(form, no_object)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("isfrmcbBgqkOCDSZTtdaxo"), inner),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_a_value_or_a_value_error(form: object) -> None:
    try:
        values.decode(form, lambda kept: values.Unknown())
    except ValueError:
        return


SENT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(SENT)
def test_any_value_arrives(value: object) -> None:
    assert repr(sent(value)) == repr(value)


# --- arguments that a program changed ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([3, 1, 2], [1, 2, 3]), ([1], []), ([], [1]), ({"a": 1}, {"b": 2}), ({1}, {2}), (bytearray(b"a"), bytearray()),
        (collections.deque([1]), collections.deque([2, 3])), (collections.Counter("a"), collections.Counter("bb")),
    ],
)  # fmt: skip
def test_a_container_gets_its_new_content(old: Any, new: Any) -> None:
    same = old
    assert values.put_into(old, new) is same
    assert same == new


def test_containers_within_stay_the_same_objects() -> None:
    inner: list[int] = [2, 1]
    table = {"rows": inner}
    outer = [table, (inner,)]
    values.put_into(outer, [{"rows": [1, 2], "n": 2}, ([1, 2],)])
    assert outer == [{"rows": [1, 2], "n": 2}, ([1, 2],)]
    assert outer[0] is table
    assert table["rows"] is inner


def test_a_value_of_another_type_replaces_nothing() -> None:
    old = [1]
    assert values.put_into(old, "text") == "text"
    assert old == [1]
