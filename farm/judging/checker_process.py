"""The process that calls checkers for a worker: one question after the other, until its input ends.

A question is four lengths of 8 bytes and then as many bytes: the checker's name, the test's input, the expected output
and the program's. The answer is one line of JSON: {"right": true}, {"wrong": why} or {"fault": what}. A question that
takes more CPU time or memory than `checking.py` allows ends this process.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import BinaryIO

from farm.benchmarks.checker import Wrong
from farm.benchmarks.registry import checker_of
from farm.judging.checking import LENGTH_BYTES
from farm.text import decode, one_line

_FIELDS = 4


def main(cpu_s: int, memory_bytes: int) -> None:
    """Answer on what is standard output now; whatever a checker prints goes nowhere. `cpu_s` is for each question."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    while (question := _question(sys.stdin.buffer)) is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        end_s = int(used.ru_utime + used.ru_stime) + cpu_s + 1  # the kernel counts whole seconds
        resource.setrlimit(resource.RLIMIT_CPU, (end_s, resource.RLIM_INFINITY))
        answers.write(json.dumps(_answer(*question)).encode("ascii") + b"\n")
        answers.flush()


def _question(stream: BinaryIO) -> list[str] | None:
    head = stream.read(_FIELDS * LENGTH_BYTES)
    if len(head) < _FIELDS * LENGTH_BYTES:
        return None
    lengths = [int.from_bytes(head[at : at + LENGTH_BYTES], "big") for at in range(0, len(head), LENGTH_BYTES)]
    parts = [stream.read(length) for length in lengths]
    return [decode(part) for part in parts]


def _answer(name: str, given: str, expected: str, actual: str) -> dict[str, object]:
    try:
        checker_of(name)(given, expected, actual)
    except Wrong as wrong:
        return {"wrong": one_line(str(wrong), 200)}
    except Exception as error:  # noqa: BLE001 - a checker may raise anything, and the worker is told
        return {"fault": one_line(f"{type(error).__name__}: {error}", 200)}
    return {"right": True}
