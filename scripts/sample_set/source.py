"""What the source of one sample problem consists of, and the helpers its tests are made with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

Inputs = Callable[[Random], Iterator[str]]


def no_inputs(_: Random) -> Iterator[str]:
    """For a problem that has no further inputs of this kind."""
    return iter(())


@dataclass(frozen=True)
class Source:
    """One problem. Outputs of private tests come from the reference solution; public ones are written by hand.

    `small` makes random inputs on which each slow solution must agree with the reference. `packed` writes
    the private tests as base64(zlib(pickle(JSON))), as LiveCodeBench does, which also keeps large ones small.
    """

    problem_id: str
    title: str
    difficulty: str
    date: str
    statement: str
    public: tuple[tuple[str, str], ...]
    private: Inputs
    small: Inputs = no_inputs
    func_name: str | None = None
    starter_code: str = ""
    packed: bool = False


def stdin(*lines: object) -> str:
    """A program's input: each line's items joined by blanks."""
    return "".join(" ".join(map(str, line)) + "\n" if isinstance(line, list | tuple) else f"{line}\n" for line in lines)


def call(*arguments: object) -> str:
    """A functional input: one JSON value per line and argument, without a final newline."""
    return "\n".join(json.dumps(argument) for argument in arguments)


def method(signature: str) -> str:
    """LeetCode's starter code for one method."""
    return f"class Solution:\n    def {signature}:\n        "


def tiled(random: Random, length: int, low: int, high: int, tile: int = 500) -> list[int]:
    """`length` numbers that look random but repeat every `tile`, so that a large test compresses well."""
    block = [random.randint(low, high) for _ in range(tile)]
    return (block * (length // tile + 1))[:length]


def example(text: str, given: str, wanted: str) -> str:
    """A statement with its one example behind it."""
    return f"{text.strip()}\n\nExample input:\n{given}\n\nExample output:\n{wanted}\n"
