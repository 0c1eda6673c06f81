"""The differential corpus: programs on which a real judge and LiveCodeBench's graders may disagree.

Each `*.toml` holds cases: a program, its tests (or the file's default ones), and whether it passes (P)
or fails (F) in mode `judge` and in both variants of mode `lcb`. `golden.json` holds, per case and
variant, the codes that the original graders gave with CPython 3.11 (`scripts/lcb_differential.py --record` made
it, and prints any difference again). Where `original` stands, the original grader was cheated, and the
golden codes are not farm's.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
GOLDEN = HERE / "golden.json"


@dataclass(frozen=True)
class Case:
    """One program of the corpus."""

    group: str  # the file's name
    name: str
    program: str
    func_name: str | None
    tests: tuple[tuple[str, str], ...]
    judge: str  # "P", "F", or "unjudged" where a test is bad
    official: str
    tt: str
    cheat: bool  # the original grader says something else, and must not be followed
    needs: str  # a module outside the standard library
    differs: str  # why the codes are not the original's, though the verdict is

    def passes(self, variant: str) -> bool:
        return {"official": self.official, "tt": self.tt}[variant] == "P"

    def __str__(self) -> str:
        return f"{self.group}/{self.name}"


def load_cases() -> list[Case]:
    return list(_read_all())


def load_golden() -> dict[str, dict[str, Any]]:
    """Per case and variant `{"codes": [...], "error_code": n or null}`."""
    golden: dict[str, dict[str, Any]] = json.loads(GOLDEN.read_text())
    return golden


def _read_all() -> Iterator[Case]:
    for path in sorted(HERE.glob("*.toml")):
        data = tomllib.loads(path.read_text())
        for row in data["case"]:
            tests = row.get("tests") or data["default"]
            yield Case(
                group=path.stem,
                name=row["name"],
                program=row["program"].removeprefix("\n"),
                func_name=row.get("func_name"),
                tests=tuple((t["input"], t["output"] * t.get("repeat", 1)) for t in tests),
                judge=row["judge"],
                official=row["official"],
                tt=row["tt"],
                cheat="original" in row,
                needs=row.get("needs", ""),
                differs=row.get("differs", ""),
            )
