"""Mode `asserts`, the tests' child: run the dataset's Python, with the program in another process.

The tests' names for the program's functions and classes are stand-ins here. A call goes out as a frame,
the worker carries it to the program's child (`program_child.py`), and the answer comes back as plain values.
So the expected values are in no process that executes the program, and what the program made of itself
(operators, patched modules) is in no process that decides.

Input: the tests' Python, one at a time, and between them the answers to requests. Frames:

    {"do": ..., "on": ..., "with": ..., "named": ..., "objects": ...}   a request to the program; the first
                                                        one has "classes", the Python of those that tests define
    {"outcome": "passed"}                               setup, or a test, ran to its end
    {"outcome": "wrong", "detail": text}                an assertion failed
    {"outcome": "raised", "detail": text}               an exception of the program was not expected
    {"outcome": "error", "detail": text, "answers": n}  another exception, after n answers of the program

Standard library only.
"""

from __future__ import annotations

import builtins
import collections
import gc
import json
import random
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from ..channel import Channel
from ..objects import Objects, is_plain_class
from ..values import decode, decode_text, encode, put_into, text_form
from .program_child import MAX_INT_DIGITS

_SEED = 0
_MOST_ITEMS = 1024  # asked of an iterator at once


class NoValue(Exception):
    """Raised in a test when the program's process answered with what is no value."""


class NotSendable(Exception):
    """Raised in a test that passes the program what cannot leave this process."""


def run(source: bytes, channel: Channel) -> None:
    """Execute the setup, then each test that comes in; one outcome for each, until there are no more."""
    gc.enable()
    sys.set_int_max_str_digits(MAX_INT_DIGITS)
    random.seed(_SEED)  # tests that draw their cases draw the same ones each time
    spec = json.loads(source)
    module = types.ModuleType("tests")
    sys.modules["tests"] = module
    caller = _Caller(channel, module, spec["classes"])

    def set_up() -> None:
        _execute(spec["prompt"], "prompt", module)
        module.__dict__.update({name: caller.function(name) for name in spec["calls"]})
        _execute(spec["setup"], "setup", module)

    channel.send(_outcome(caller, set_up))
    number = 0
    while (payload := channel.recv()) is not None:
        text = payload.decode("utf-8", "surrogatepass")
        channel.send(_outcome(caller, lambda t=text, n=number: _execute(t, f"test {n}", module)))  # type: ignore[misc]
        number += 1


def _execute(text: str, name: str, module: types.ModuleType) -> None:
    exec(compile(text, f"<{name}>", "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - the dataset's tests


def _outcome(caller: _Caller, action: Callable[[], None]) -> dict[str, Any]:
    try:
        action()
    except BaseException as error:  # noqa: BLE001 - of the tests or, through them, of the program
        kind = type(error).__name__
        if error is caller.raised:
            return {"outcome": "raised", "detail": text_form(f"{kind}: {error}")}
        answers = caller.answers
        # A place and no text, which could hold an expected value; but what is wrong with tests must be said
        detail = text_form(f"{kind} in {_place(error)}" if answers else f"{kind} in {_place(error)}: {error}")
        if isinstance(error, AssertionError) and answers:
            return {"outcome": "wrong", "detail": detail}
        return {"outcome": "error", "detail": detail, "answers": answers}
    return {"outcome": "passed"}


def _place(error: BaseException) -> str:
    """The line of the tests that raised."""
    place = "the tests"
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.startswith("<"):
            place = f"{name[1:-1]}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place


class _Caller:
    """This end of the line to the program."""

    def __init__(self, channel: Channel, module: types.ModuleType, classes: str) -> None:
        self._channel, self._module, self._classes = channel, module, classes
        self._objects = Objects(0, self._class_of)
        self.raised: BaseException | None = None  # what the program raised last
        self.answers = 0

    def function(self, name: str) -> Callable[..., Any]:
        """What stands for the program's function or class of that name."""

        def stand_in(*values: Any, **named: Any) -> Any:
            return self.request("call", name, values, named)

        stand_in.__name__ = stand_in.__qualname__ = name
        return stand_in

    def request(self, do: str, on: str | int, values: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """One request and its answer. Raises what the program raised."""
        answer = self._ask(do, on, values, named)
        try:
            self._objects.take(answer.get("objects", {}), self._find)
            for place, form in answer.get("changed", ()):
                put_into(values[place], decode(form, self._find))
            value = None if "raised" in answer else decode(answer["value"], self._find)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise self._blame(NoValue(f"the program's process sent no value: {error}")) from error
        if "raised" in answer:
            raise self._blame(_exception(answer["raised"]))
        return value

    def take(self, number: int, count: int) -> tuple[list[Any], bool]:
        """The next items of an iterator, and whether they are the last. Raises what the program raised."""
        answer = self._ask("take", number, (count,), {})
        if "raised" in answer:
            raise self._blame(_exception(answer["raised"]))
        try:
            self._objects.take(answer.get("objects", {}), self._find)
            return [decode(form, self._find) for form in answer["items"]], bool(answer["ended"])
        except (ValueError, TypeError, LookupError) as error:
            raise self._blame(NoValue(f"the program's process sent no items: {error}")) from error

    def _ask(self, do: str, on: str | int, values: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
        request: dict[str, Any] = {"do": do, "on": on, "with": [self._sent(value) for value in values]}
        request["named"] = {name: self._sent(value) for name, value in named.items()}
        request["objects"] = self._objects.contents(self._keep)
        if not self.answers:
            request["classes"] = self._classes
        self._channel.send(request)
        payload = self._channel.recv()
        if payload is None:  # the worker has ended this
            raise SystemExit
        self.answers += 1
        answer = json.loads(payload)
        assert isinstance(answer, dict)
        return answer

    def _blame(self, error: BaseException) -> BaseException:
        self.raised = error
        return error

    def _sent(self, value: Any) -> Any:
        """The form of an argument. An iterator goes as a list of what it gives. Raises NotSendable."""
        gives = hasattr(type(value), "__next__") and not isinstance(value, Remote)
        return encode(list(value) if gives else value, self._keep)

    def _keep(self, value: object) -> list[Any]:
        if isinstance(value, Remote):
            state = value.__dict__
            iterates = isinstance(value, RemoteIterator)
            return [state["_number"], text_form(state["_name"]), state["_truth"], iterates]
        kind = type(value)
        if kind.__module__ != self._module.__name__ or not is_plain_class(kind):
            raise NotSendable(f"a {kind.__name__} cannot be passed to the program")
        return self._objects.mention(value)

    def _class_of(self, name: str) -> type:
        """The class of the tests that an object of the program is to be of."""
        kind = self._module.__dict__[name]
        if not (isinstance(kind, type) and kind.__module__ == self._module.__name__ and is_plain_class(kind)):
            raise LookupError(f"no class {name!r:.80} of the tests")
        return kind

    def _find(self, kept: list[Any]) -> object:
        if len(kept) == 1:
            return self._objects.of(kept[0])
        number, name, truth, iterates = kept
        if type(number) is not int or type(truth) not in (bool, types.NoneType):
            raise ValueError("no object")
        return (RemoteIterator if iterates is True else Remote)(self, number, decode_text(name), truth)


class Remote:
    """An object of the program that stays there: it can be passed back, called, and its attributes used.

    It equals nothing but itself; its truth is what the program said when it was sent.
    """

    def __init__(self, caller: _Caller, number: int, name: str, truth: bool | None) -> None:
        self.__dict__.update(_caller=caller, _number=number, _name=name, _truth=truth)

    def __call__(self, *values: Any, **named: Any) -> Any:
        return self.__dict__["_caller"].request("call", self.__dict__["_number"], values, named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__dict__["_caller"].request("get", self.__dict__["_number"], (name,), {})

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__["_caller"].request("set", self.__dict__["_number"], (name, value), {})

    def __bool__(self) -> bool:
        if self.__dict__["_truth"] is None:
            raise TypeError(f"a {self.__dict__['_name']} without a truth value")
        return bool(self.__dict__["_truth"])

    def __repr__(self) -> str:
        return f"<{self.__dict__['_name']} of the program>"


class RemoteIterator(Remote):
    """An iterator of the program; asks for one item, then for more at a time."""

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        state = self.__dict__
        ready = state.setdefault("_ready", collections.deque())
        if not ready and not state.get("_ended"):
            count = state.get("_count", 1)
            state["_count"] = min(2 * count, _MOST_ITEMS)
            items, state["_ended"] = state["_caller"].take(state["_number"], count)
            ready.extend(items)
        if not ready:
            raise StopIteration
        return ready.popleft()


def _exception(raised: Any) -> BaseException:
    """The program's exception as one of its nearest built-in class."""
    name, text = raised if type(raised) is list and len(raised) == 2 else (None, None)
    kind = getattr(builtins, name, None) if type(name) is str else None
    text = decode_text(text) if type(text) in (str, dict) else ""
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        return NoValue("the program's process sent no exception")
    try:
        return kind(text)
    except TypeError:  # such as UnicodeDecodeError, which is made of five parts
        return Exception(f"{name}: {text}")
