"""Groups of options, each of which reaches its command as one value.

A command takes records and not a dict of everything that click parsed: a group names its options and the function
that makes a value of them, and groups may be parts of others.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def all_of(*options: Callable[[F], F]) -> Callable[[F], F]:
    """One decorator of several; they are listed in this order."""

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def gathered(
    name: str, build: Callable[..., object], *members: Callable[[F], F], takes: Iterable[str] | None = None
) -> Callable[[F], F]:
    """Options and groups that reach the command as its parameter `name`: what `build` makes of their values.

    `takes`: the names of the values that `build` gets, its own parameters by default. Those that a command has no
    option for are left to the defaults of `build`.
    """
    wanted = tuple(inspect.signature(build).parameters if takes is None else takes)

    def decorate(command: F) -> F:
        @functools.wraps(command)
        def gathering(*arguments: Any, **values: Any) -> Any:
            given = {part: values.pop(part) for part in wanted if part in values}
            return command(*arguments, **values, **{name: build(**given)})

        return all_of(*members)(gathering)  # type: ignore[arg-type]

    return decorate
