"""Hundreds of floods and bombs leave the worker as it was: memory, descriptors, processes, directories."""

from __future__ import annotations

import os
import resource
from pathlib import Path

from farm.judging.open import open_sandbox
from farm.records import JudgeSpec, Limits, Suite, TestCase, Verdict
from tests.support.sandbox import available_tiers, descendants
from tests.support.wait import wait_until

SUITE = Suite(func_name=None, tests=(TestCase(input="1\n", output="1\n"),))
LIMITS = Limits(cpu_s=5.0, wall_s=60.0, memory_bytes=64 << 20, stdout_bytes=4 << 20)
FLOODS = [
    ("while True: print('x' * 65536)", Verdict.OUTPUT_LIMIT),
    ("import os\nwhile True: os.write(1, b'y' * (1 << 20))", Verdict.OUTPUT_LIMIT),
    ("import sys\nsys.stderr.write('z' * (4 << 20))\nprint(1)", Verdict.PASSED),
    ("kept = []\nwhile True: kept.append(bytearray(1 << 20))", Verdict.MEMORY_LIMIT),
    ("raise SystemExit(3)", Verdict.RUNTIME_ERROR),
    ("print(input())", Verdict.PASSED),
]


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def open_descriptors() -> list[str]:
    return sorted(os.listdir("/proc/self/fd"))


def test_floods_leave_nothing() -> None:
    processes, descriptors = descendants(os.getpid()), open_descriptors()
    with open_sandbox(tier=available_tiers()[0], preload=()) as sandbox:

        def round_of_floods() -> None:
            for source, wanted in FLOODS:
                assert sandbox.evaluate(source, SUITE, JudgeSpec(), LIMITS).verdict is wanted

        for _ in range(5):
            round_of_floods()
        memory, open_now, running = resident_bytes(), open_descriptors(), descendants(os.getpid())
        for _ in range(45):
            round_of_floods()
        assert resident_bytes() - memory < 20 << 20
        assert open_descriptors() == open_now
        assert descendants(os.getpid()) == running
    wait_until(lambda: set(descendants(os.getpid())) <= set(processes), "the slot's processes are gone")
    assert open_descriptors() == descriptors


def groups() -> set[Path]:
    """The cgroups of this process's slots."""
    return {path for path in Path("/sys/fs/cgroup").glob(f"**/farm-slot-{os.getpid()}-*") if path.is_dir()}


def test_cgroups_are_removed() -> None:
    before = groups()
    with open_sandbox(tier=available_tiers()[0], preload=()) as sandbox:
        used = any(p.startswith("cgroup-v") for p in sandbox.info.protections)
        assert bool(groups() - before) == used
    assert groups() == before
