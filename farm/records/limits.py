"""What one execution of a program may use: its time-outs, memory, output, threads.

The supervisor (farm/sandbox/supervisor.py) holds a program to them, and farm/judging/verdict.py says what it means for
the verdict when it reached one. docs/sandbox.md has the reasons of the defaults.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from farm.records.base import Record
from farm.records.fields import Option
from farm.records.judging import JudgeSpec


class Limits(Record):
    """What one execution may use. Defaults and reasons: docs/sandbox.md."""

    cpu_s: Annotated[float, Field(gt=0, le=3600), Option("--cpu-limit")] = 6.0
    wall_s: Annotated[float, Field(gt=0, le=7200)] = 18.0
    memory_bytes: Annotated[int, Field(ge=32 << 20, le=1 << 40), Option("--memory-limit")] = 1 << 30
    stdout_bytes: Annotated[int, Field(ge=1 << 10, le=128 << 20)] = 16 << 20
    stderr_bytes: Annotated[int, Field(ge=0, le=1 << 20)] = 64 << 10
    result_bytes: Annotated[int, Field(ge=1 << 10, le=128 << 20)] = 16 << 20
    stack_bytes: Annotated[int, Field(ge=1 << 20, le=1 << 30)] = 256 << 20
    threads: Annotated[int, Field(ge=1, le=4096)] = 64
    open_files: Annotated[int, Field(ge=8, le=1024)] = 64
    program_bytes: Annotated[int, Field(ge=1, le=16 << 20)] = 1 << 20

    @model_validator(mode="after")
    def _wall_above_cpu(self) -> Self:
        if self.wall_s < self.cpu_s:
            raise ValueError("wall_s must not be below cpu_s")
        return self


LCB_MEMORY_BYTES = 4 << 30
# Of an integer that a functional test holds or a program returns: LiveCodeBench's own limit; docs/protocols.md
MAX_INT_DIGITS = 50_000


def default_limits(judge: JudgeSpec) -> Limits:
    """The limits of a way of judging. Mode `lcb` has more memory: the original grader has no limit of it."""
    return Limits(memory_bytes=LCB_MEMORY_BYTES) if judge.mode == "lcb" else Limits()
