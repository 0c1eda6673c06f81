"""The control of a sandbox that broke under a program: another program that the same slot has to judge right after.

It tells a program that breaks sandboxes from a host on which sandboxes break.
"""

from __future__ import annotations

from dataclasses import dataclass

from farm.records import JudgeSpec, Limits, Suite, TestCase
from farm.sandbox.api import Evaluation

# Of what is kept of another sample: a slot holds it until the next one, and runs it in another one's time
KEPT_BYTES, KEPT_S = 1 << 20, 2.0


@dataclass(frozen=True, slots=True)
class Control:
    """What is judged again."""

    program: bytes
    suite: Suite
    judge: JudgeSpec
    limits: Limits


# For a slot that has judged nothing yet
BUILT_IN = Control(
    b"print(int(input()) + 1)",
    Suite(func_name=None, tests=(TestCase(input="1\n", output="2\n"),)),
    JudgeSpec(),
    Limits(),
)


def control_of(control: Control, judged: Evaluation) -> Control | None:
    """`control` if it was small and quick enough to be judged again, else None."""
    size = len(control.program) + sum(len(test.input) + len(test.output) for test in control.suite.tests)
    return control if size <= KEPT_BYTES and judged.wall_s <= KEPT_S else None
