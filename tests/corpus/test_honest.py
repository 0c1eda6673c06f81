"""Right programs, in every style of reading, writing and ending that a judge must accept, pass in every tier.

A false failure is as bad as a false pass: each of these programs prints or returns what is expected, so any verdict
but PASSED is the sandbox's or the judge's mistake.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from farm.records import JudgeSpec, Limits, Verdict
from tests.hostile.program import ProgramFile, read_folder
from tests.hostile.slots import Slots, explain
from tests.support.sandbox import available_tiers

PROGRAMS = read_folder(Path(__file__).parent / "honest")
TIERS = available_tiers()
KEYS = {"input", "output", "tests", "func", "limits", "needs", "slow"}
LIMITS = Limits(cpu_s=6.0, wall_s=45.0)  # a busy machine must not hit the wall


@pytest.fixture(scope="session")
def slots() -> Iterator[Slots]:
    opened = Slots()
    try:
        yield opened
    finally:
        opened.close()


def in_each_tier(program: ProgramFile) -> list[Any]:
    """The program in every tier; a slow one in the first alone."""
    slow = program.header.get("slow", False)
    marks = [pytest.mark.slow] if slow else []
    tiers = TIERS[:1] if slow else TIERS
    return [pytest.param(program, tier, id=f"{program.name}-{tier}", marks=marks) for tier in tiers]


@pytest.mark.parametrize(("program", "tier"), [case for program in PROGRAMS for case in in_each_tier(program)])
def test_honest_program_passes(program: ProgramFile, tier: str, slots: Slots) -> None:
    program.only(KEYS)
    if "needs" in program.header and find_spec(program.header["needs"]) is None:
        pytest.skip(f"{program.header['needs']} is not installed")
    suite = program.suite("", {})
    evaluation = slots[tier].evaluate(program.source, suite, JudgeSpec(), program.limits(LIMITS))
    assert evaluation.verdict is Verdict.PASSED, explain(evaluation)
    assert len(evaluation.cases) == len(suite.tests)


def test_there_are_enough() -> None:
    """The corpus the sandbox's specification asks for has at least a hundred programs, of every style."""
    assert len(PROGRAMS) >= 100
    styles = {program.name.partition("_")[0] for program in PROGRAMS}
    assert styles >= {"read", "write", "exit", "main", "deep", "thread", "functional", "big"}
