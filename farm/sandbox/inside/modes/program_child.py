"""Mode `asserts`, the program's child: load the program once, then serve calls that tests make elsewhere.

The tests run in another process (`tester.py`) and no expected value is here. The worker carries frames
between the two (`farm/judging/asserts.py`). The program may forge every frame: a frame is an
answer, and the tests must still accept it.

Sent, one frame after loading and one per request:

    {"loaded": true}
    {"failed": "syntax" | "load", "detail": text}      the child ends
    {"value": form, "changed": [[place, form], ...]}   a call's result, and arguments that it changed
    {"items": [form, ...], "ended": bool}              the next items of an iterator
    {"raised": [class name, text], ...}                in place of a value, or after the items

Requests: {"do": "call" | "get" | "set" | "take", "on": name or number, "with": [form, ...], "named": {name: form},
"objects": table}; requests and answers have a table of the objects in them (`objects.py`). Forms are those of
`values.py`. Standard library only.
"""

from __future__ import annotations

import builtins
import gc
import json
import sys
import types
from collections.abc import Callable
from typing import Any

from ..channel import Channel
from ..objects import Objects, is_plain_class
from ..values import decode, encode, text_form

# As in the original graders, which execute in a plain interpreter
RECURSION_LIMIT = 1000
MAX_INT_DIGITS = 4300
_MODULE = "program"

_HARNESS_FRAMES = 3_000  # what this module needs, whatever limit the program has set
_loads = json.loads
_get_limit, _set_limit, _get_frame = sys.getrecursionlimit, sys.setrecursionlimit, sys._getframe
_mro_of = type.__dict__["__mro__"].__get__
_name_of = type.__dict__["__name__"].__get__
_BUILTIN_ERRORS = {
    id(kind): name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, BaseException)
}


def run(source: bytes, channel: Channel) -> None:
    """Load the program, then answer each request with one frame, until there are no more."""
    gc.enable()
    sys.set_int_max_str_digits(MAX_INT_DIGITS)
    try:
        code = compile(source, "program.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        channel.send({"failed": "syntax", "detail": text_form(f"{type(error).__name__}: {error}")})
        return
    module = types.ModuleType(_MODULE)
    sys.modules.update({_MODULE: module, "__main__": types.ModuleType("__main__")})
    _set_limit(RECURSION_LIMIT + _depth())
    try:
        exec(code, module.__dict__)  # noqa: S102 - this child exists to execute it
    except BaseException as error:  # noqa: BLE001 - whatever the program raises
        _with_room(channel.send, {"failed": "load", "detail": text_form(": ".join(_describe(error)))})
        return
    _with_room(channel.send, {"loaded": True})
    program = _Program(module.__dict__)
    while (payload := _with_room(channel.recv)) is not None:
        _with_room(channel.send, program.answer(payload))


class _Program:
    """The program's names, and the objects of its making that the tests hold by number."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names
        self._kept: list[object] = []
        self._numbers: dict[int, int] = {}  # id of a kept object -> its number
        self._late: dict[int, BaseException] = {}  # what an iterator raised after items that were sent
        self._objects = Objects(1, self._class_of)
        self._shared: dict[str, type] = {}  # classes that the tests define: theirs, unless the program has one

    def answer(self, payload: bytes) -> dict[str, Any]:
        request = _with_room(_loads, payload)
        forms = request["with"]
        self._define(request.get("classes", ""))
        values, named = _with_room(self._decode, request)
        if request["do"] == "take":
            answer = self._take(request["on"], values[0])
        else:
            try:
                answer = {"value": _with_room(self._encode, self._result(request, values, named))}
            except BaseException as error:  # noqa: BLE001 - whatever the program raises
                answer = _raised(error)
            answer["changed"] = _with_room(self._changed, forms, values)
        answer["objects"] = _with_room(self._objects.contents, self._keep, request["objects"])
        return answer

    def _define(self, classes: str) -> None:
        """Make the classes that the tests define known here, where they are in the same module in the originals."""
        if not classes:
            return
        module: dict[str, Any] = {"__name__": _MODULE}
        exec(compile(classes, "<classes>", "exec", dont_inherit=True), module)  # noqa: S102 - the dataset's
        for name, value in module.items():
            if isinstance(value, type) and value.__module__ == _MODULE:
                self._names.setdefault(name, value)
                self._shared[name] = value

    def _class_of(self, name: str) -> type:
        """The class of an object that the tests send: the program's of that name, theirs, or one without methods."""
        own = self._names.get(name)
        if isinstance(own, type) and is_plain_class(own):
            self._shared[name] = own
        elif name not in self._shared:
            self._shared[name] = type(name, (), {})
        return self._shared[name]

    def _result(self, request: dict[str, Any], values: list[Any], named: dict[str, Any]) -> object:
        target = self._target(request["on"])
        if request["do"] == "call":
            function: Any = target
            return function(*values, **named)
        if request["do"] == "get":
            return getattr(target, values[0])
        setattr(target, *values)
        return None

    def _target(self, on: str | int) -> object:
        if isinstance(on, int):
            return self._kept[on]
        if on not in self._names:
            raise NameError(f"name '{on}' is not defined")
        return self._names[on]

    def _take(self, number: int, count: int) -> dict[str, Any]:
        """Up to `count` items of an iterator: as many as it gives before it raises."""
        if number in self._late:
            return _raised(self._late.pop(number))
        iterator: Any = self._kept[number]
        items: list[object] = []
        ended = False
        try:
            while len(items) < count:
                items.append(next(iterator))
        except StopIteration:
            ended = True
        except BaseException as error:  # noqa: BLE001 - whatever the program raises
            if not items:
                return _raised(error)
            self._late[number] = error
        return {"items": [_with_room(self._encode, item) for item in items], "ended": ended}

    def _decode(self, request: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        self._objects.take(request["objects"], self._find)
        values = [decode(form, self._find) for form in request["with"]]
        return values, {name: decode(form, self._find) for name, form in request["named"].items()}

    def _find(self, kept: list[Any]) -> object:
        return self._objects.of(kept[0]) if len(kept) == 1 else self._kept[kept[0]]

    def _encode(self, value: object) -> Any:
        return encode(value, self._keep)

    def _changed(self, forms: list[Any], values: list[Any]) -> list[Any]:
        after = [encode(value, self._keep) for value in values]
        return [[place, form] for place, form in enumerate(after) if form != forms[place]]

    def _keep(self, value: object) -> list[Any]:
        kind = type(value)
        if _name_of(kind) in self._shared and is_plain_class(kind):
            return self._objects.mention(value)
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._kept)
            self._kept.append(value)  # alive, so that no other object gets its id
        try:
            truth: bool | None = True if value else False  # noqa: SIM210 - a `__bool__` of the program may lie
        except BaseException:  # noqa: BLE001 - whatever the program raises
            truth = None
        kinds = _mro_of(type(value))
        iterates = any("__next__" in kind.__dict__ for kind in kinds)
        return [number, text_form(_name_of(type(value))[:80]), truth, iterates]


def _raised(error: BaseException) -> dict[str, Any]:
    name, text = _describe(error)
    return {"raised": [name, text_form(text)]}


def _describe(error: BaseException) -> tuple[str, str]:
    """The nearest built-in class of an exception, and its class and text, whatever its `__str__` does."""
    name = next(_BUILTIN_ERRORS[id(kind)] for kind in _mro_of(type(error)) if id(kind) in _BUILTIN_ERRORS)
    own = _name_of(type(error))
    try:
        text = _with_room(str, error)
    except BaseException:  # noqa: BLE001 - a `__str__` of the program
        text = ""
    return name, text if own == name else f"{own}: {text}"


def _with_room(action: Callable[..., Any], *arguments: Any) -> Any:
    """Call with enough recursion limit; the program's own limit lasts from call to call."""
    limit = _get_limit()
    _set_limit(max(limit, _depth() + _HARNESS_FRAMES))
    try:
        return action(*arguments)
    finally:
        _set_limit(limit)


def _depth() -> int:
    depth, frame = 0, _get_frame()
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
    return depth
