"""Programs in great numbers for the comparison of graders: made from given ones, and put together from parts.

Real programs differ in how they read, where their code stands, how they write and end, and what they return.
Each of these is a list of parts in material.json, and programs are drawn from their products, by a seed. Whether
a program is right does not matter: graders must say the same of a wrong one.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import Any

from tests.corpus.lcb.originals import Test

_PARTS: dict[str, list[Any]] = json.loads(Path(__file__).with_suffix(".json").read_text())


@dataclass(frozen=True, slots=True)
class Sample:
    """A program and the tests it is graded on."""

    name: str
    program: str
    tests: tuple[Test, ...]
    func_name: str | None = None


def rewritten(bases: Sequence[Sample], count: int, seed: int) -> Iterator[Sample]:
    """`count` programs, each one of `bases` after one to three rewrites; one in twelve on another program's tests."""
    draw = random.Random(seed)
    by_kind = {kind: [base for base in bases if (base.func_name is None) == kind] for kind in (True, False)}
    made = 0
    while made < count:
        base = draw.choice(bases)
        program = base.program
        for _ in range(draw.choice((1, 1, 1, 2, 3))):
            program = _rewrite(program, draw.choice(_PARTS["rewrites"]), draw)
        graded_on = draw.choice(by_kind[base.func_name is None]) if draw.random() < 1 / 12 else base
        if program != base.program or graded_on is not base:
            func_name = graded_on.func_name if draw.random() < 0.5 else base.func_name
            yield Sample(f"rewritten-{seed}-{made}", program, graded_on.tests, func_name)
            made += 1


def assembled(count: int, seed: int) -> Iterator[Sample]:
    """`count` programs that read standard input: a shape, a reader, a value and a writer, each drawn."""
    draw = random.Random(seed)
    suites = [tuple((given, wanted) for given, wanted in tests) for tests in _PARTS["stdin_tests"]]
    for made in range(count):
        # Half of them have an ordinary shape, so that what reads and writes is met alone
        shape, writer, value = (
            draw.choice(_PARTS[kind] if draw.random() < share else _PARTS[kind][:few])
            for kind, share, few in (("shapes", 0.5, 5), ("writers", 0.5, 5), ("values", 0.7, 2))
        )
        body = draw.choice(_PARTS["readers"]) + "\n" + writer.format(value=value)
        program = shape.format(
            body=body, i4=indent(body, " " * 4), i8=indent(body, " " * 8), line=body.replace("\n", "; ")
        )
        yield Sample(f"assembled-{seed}-{made}", program, draw.choice(suites))


def texts(count: int, seed: int) -> Iterator[Sample]:
    """`count` programs that print one text where another, often alike, is expected."""
    draw = random.Random(seed)
    known = _PARTS["texts"]
    for made in range(count):
        printed = draw.choice(known)
        expected = draw.choice(known) if draw.random() < 0.8 else printed
        if draw.random() < 0.2:
            printed, expected = (f"{draw.choice(known)}\n{text}" for text in (printed, expected))
        end = draw.choice(("", "\n", "\n\n", " "))
        yield Sample(f"texts-{seed}-{made}", f"print({printed!r}, end={end!r})", (("x", expected),))


def values(count: int, seed: int) -> Iterator[Sample]:
    """`count` functions that return one value where another is expected."""
    draw = random.Random(seed)
    for made in range(count):
        function = draw.choice(_PARTS["functions"] if draw.random() < 0.5 else _PARTS["functions"][:2])
        inputs = _PARTS["inputs"] if draw.random() < 0.2 else _PARTS["inputs"][:2]
        tests = [(draw.choice(inputs), draw.choice(_PARTS["expected"]))]
        if draw.random() < 0.3:
            tests.insert(0, tests[0])
        program = function.format(result=draw.choice(_PARTS["results"]))
        func_name = "g" if draw.random() < 1 / 8 else "f"
        yield Sample(f"values-{seed}-{made}", program, tuple(tests), func_name)


def _rewrite(text: str, rule: list[str], draw: random.Random) -> str:
    """The text after one rewrite; itself where the rewrite does not apply."""
    match rule:
        case ["replace", old, new]:
            return text.replace(old, new)
        case ["before", head]:
            return head + text
        case ["behind", tail]:
            return f"{text}\n{tail}"
        case ["inside", head, tail]:
            return f"{head}\n{indent(text, '    ')}\n{tail}"
        case ["quote", around]:
            return around.replace("{text}", repr(text))
        case ["one", pattern, new]:
            return _at_one_place(text, pattern, lambda found: found.expand(new), draw)
        case ["add one"]:
            return _at_one_place(text, r"\d+", lambda found: str(int(found[0]) + 1), draw)
        case ["lose a line" | "double a line" as what]:
            lines = text.split("\n")
            place = draw.randrange(len(lines))
            lines[place : place + 1] = [] if what == "lose a line" else [lines[place]] * 2
            return "\n".join(lines)
    raise ValueError(f"unknown rewrite {rule}")


def _at_one_place(text: str, pattern: str, new: Any, draw: random.Random) -> str:
    places = list(re.finditer(pattern, text))
    if not places:
        return text
    place = draw.choice(places)
    return text[: place.start()] + str(new(place)) + text[place.end() :]
