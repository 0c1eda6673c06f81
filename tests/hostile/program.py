"""A test program on disk: a Python file whose first lines, `#: key = value`, say in TOML what it is and what to expect.

The header travels with the program (to Python it is a comment), so one file is one test. A text in a header is a TOML
string or, for big ones, a table `{ repeat = "ab\\n", times = 1000000, prefix = "", suffix = "" }`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm.records import Asserts, JudgeSpec, Limits, Suite, TestCase

MARK = "#: "


@dataclass(frozen=True, slots=True)
class ProgramFile:
    """One program with its header."""

    name: str
    header: dict[str, Any]
    source: str

    def only(self, allowed: set[str]) -> None:
        """ValueError if the header holds a key that no reader knows: a misspelt expectation would never be checked."""
        if unknown := sorted(set(self.header) - allowed):
            raise ValueError(f"{self.name}: unknown header keys {unknown}")

    def limits(self, default: Limits) -> Limits:
        """The limits of the header over `default`."""
        given = {**default.model_dump(), **self.header.get("limits", {})}
        return Limits(**given)

    def judge(self) -> JudgeSpec:
        """How the header wants the program judged; mode `judge` and the first failure by default."""
        keys = ("mode", "variant", "comparator", "stop")
        return JudgeSpec(**{key: self.header[key] for key in keys if key in self.header})

    def suite(self, default_input: str, replace: dict[str, str]) -> Suite:
        """The tests: `tests` as pairs, or one of `input` and `output`. `replace` fills marks such as @CANARY@.

        With `calls` (mode asserts) `asserts` are the tests, which no program sees, so marks are filled there too.
        """
        if "calls" in self.header:
            asserts = tuple(TestCase(input=text(test, replace), output="") for test in self.header["asserts"])
            return Suite(func_name=None, tests=asserts, asserts=Asserts(calls=tuple(self.header["calls"])))
        pairs = self.header.get("tests") or [[self.header.get("input", default_input), self.header.get("output", "")]]
        tests = tuple(TestCase(input=text(given, {}), output=text(wanted, replace)) for given, wanted in pairs)
        return Suite(func_name=self.header.get("func"), tests=tests)


def text(value: str | dict[str, Any], replace: dict[str, str]) -> str:
    """The text a header value stands for."""
    if isinstance(value, dict):
        body: str = value["repeat"] * value["times"]
        return str(value.get("prefix", "")) + body + str(value.get("suffix", ""))
    for mark, filling in replace.items():
        value = value.replace(mark, filling)
    return value


def read_program(path: Path) -> ProgramFile:
    """The program in `path`; ValueError naming the file if its header is no TOML."""
    source = path.read_text(encoding="utf-8")
    head = [line[len(MARK) :] if line.startswith(MARK) else "" for line in source.split("\n") if line.startswith("#:")]
    try:
        header = tomllib.loads("\n".join(head))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name}: header is no TOML: {error}") from error
    return ProgramFile(path.stem, header, source)


def read_folder(folder: Path) -> list[ProgramFile]:
    """All programs of a folder in name order, but those whose name begins with an underscore."""
    return [read_program(path) for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")]
