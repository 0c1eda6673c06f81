"""Objects of classes that tests define, between tests and program: by content, and the same object on both sides.

Mode `asserts`. Tests that build lists of nodes or trees hand them to a program in another process. Each side keeps a
table of the objects that have crossed. In a value an object is its number, `{"x": [number]}` (`values.py`), and the
frame has the contents, so that a list of thousands of nodes is no deep nesting and a circle is none:

    "objects": {number: [class name, [[attribute, form], ...]], ...}

The tests' side gives even numbers, the program's side odd ones. What arrives for a known number becomes the content
of that object; an object of an unknown one is made without a call of its class. Standard library only.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from typing import Any

from .values import Find, Keep, decode, encode

_MOST_OBJECTS = 200_000  # of one side, in a sample
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: set on every class that Python code made
_dict_of = object.__getattribute__
_mro_of = type.__dict__["__mro__"].__get__
_name_of = type.__dict__["__name__"].__get__


class Objects:
    """One side's table. `class_of` gives the class of a name here, or raises LookupError: such an object is refused."""

    def __init__(self, first: int, class_of: Callable[[str], type]) -> None:
        self._next, self._class_of = first, class_of
        self._numbers: dict[int, int] = {}  # id of an object -> its number
        self._objects: dict[int, object] = {}  # alive, so that no other object gets an id
        self._mentioned: list[int] = []  # since the last table

    def mention(self, value: object) -> list[int]:
        """What stands for an object in a value; its content will be in the next table."""
        number = self._numbers.get(id(value))
        if number is None:
            number, self._next = self._next, self._next + 2
            self._add(number, value)
        self._mentioned.append(number)
        return [number]

    def contents(self, keep: Keep, numbers: Iterable[str] = ()) -> dict[str, Any]:
        """The table for a frame: of the mentioned objects, those of `numbers`, and all that they lead to."""
        found: dict[str, Any] = {}
        self._mentioned += map(int, numbers)
        while self._mentioned:
            number = self._mentioned.pop()
            if str(number) not in found:
                value = self._objects[number]
                found[str(number)] = None  # its attributes may lead back to it
                pairs = [[name, encode(part, keep)] for name, part in _attributes(value).items()]
                found[str(number)] = [_name_of(type(value)), pairs]
        return found

    def take(self, table: Any, find: Find) -> None:
        """Make or change the objects of a frame's table. Raises ValueError if it is none, LookupError for a class."""
        if type(table) is not dict:
            raise ValueError("no table of objects")
        for key, (name, _) in table.items():
            if int(key) not in self._objects:
                self._add(int(key), object.__new__(self._class_of(name)))
        for key, (_, pairs) in table.items():
            content = {name: decode(form, find) for name, form in pairs}
            if not all(type(name) is str and name.isidentifier() and not name.startswith("__") for name in content):
                raise ValueError("no attribute")
            _replace(self._objects[int(key)], content)

    def of(self, number: Any) -> object:
        """The object of a number. LookupError if there is none."""
        return self._objects[number]

    def _add(self, number: int, value: object) -> None:
        if len(self._objects) >= _MOST_OBJECTS:
            raise ValueError("too many objects")
        self._numbers[id(value)] = number
        self._objects[number] = value


def is_plain_class(kind: type) -> bool:
    """Whether objects of a class may cross: made in Python without a metaclass, and no kind of built-in data."""
    return type(kind) is type and all(base is object or base.__flags__ & _HEAP_TYPE for base in _mro_of(kind))


def _attributes(value: object) -> dict[str, Any]:
    """The instance's own attributes, also those in slots."""
    found = {}
    for name in _slots(type(value)):
        try:
            found[name] = _dict_of(value, name)
        except AttributeError:  # not set
            continue
    with contextlib.suppress(AttributeError):  # slots alone
        found.update(_dict_of(value, "__dict__"))
    return found


def _replace(value: object, content: dict[str, Any]) -> None:
    slots = _slots(type(value))
    for name in slots:
        if name in content:
            object.__setattr__(value, name, content[name])
    rest = {name: part for name, part in content.items() if name not in slots}
    if rest or not slots:
        instance = _dict_of(value, "__dict__")
        instance.clear()
        instance.update(rest)


def _slots(kind: type) -> set[str]:
    found: set[str] = set()
    for base in _mro_of(kind):
        slots = base.__dict__.get("__slots__", ())
        found.update([slots] if type(slots) is str else slots)
    return {name for name in found if not name.startswith("__")}
