"""When the host lets the sandbox down, that is an error of the farm's, never a program's verdict (numbers 61 to 63)."""

from __future__ import annotations

import ast
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import farm.sandbox
from farm.errors import SandboxError
from farm.judging.open import open_sandbox
from farm.records import JudgeSpec, Limits
from tests.hostile.slots import HONEST, HONEST_SUITE, assert_honest_passes
from tests.support.sandbox import available_tiers

# Opens a sandbox in a process whose kernel seems to lack a call: a filter answers ENOSYS (and EINVAL for an option of
# prctl) as a kernel without it does. Numbers for x86-64 and aarch64: prctl 157/167, seccomp 317/277, landlock 444.
WITHOUT = """
import ctypes, os, struct, sys
from farm.errors import SandboxUnavailable
from farm.judging.open import open_sandbox

prctl, seccomp = (157, 317) if os.uname().machine == "x86_64" else (167, 277)
LOAD, JEQ, RET, ALLOW, ERRNO = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050000
if sys.argv[1] == "landlock":
    code = [(LOAD, 0, 0, 0), (JEQ, 0, 1, 444), (RET, 0, 0, ERRNO | 38), (RET, 0, 0, ALLOW)]
else:
    code = [(LOAD, 0, 0, 0), (JEQ, 4, 0, seccomp), (JEQ, 0, 2, prctl), (LOAD, 0, 0, 16), (JEQ, 2, 0, 22)]
    code += [(RET, 0, 0, ALLOW), (RET, 0, 0, ERRNO | 38), (RET, 0, 0, ERRNO | 22)]
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, struct.pack("HxxxxxxQ", len(code), ctypes.addressof(program))) == 0
try:
    open_sandbox(tier=sys.argv[2]).close()
except SandboxUnavailable as refused:
    print("refused:", refused)
else:
    print("opened")
"""


@contextmanager
def few_descriptors(spare: int) -> Iterator[None]:
    """This process may open only `spare` descriptors more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(fd) for fd in os.listdir("/proc/self/fd"))
    fillers = []
    try:
        while (fd := os.open(os.devnull, os.O_RDONLY)) < highest:  # fill the gaps below the highest one
            fillers.append(fd)
        os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1 + spare, hard))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for fd in fillers:
            os.close(fd)


@pytest.mark.parametrize("spare", range(13))
def test_no_descriptors_left(spare: int) -> None:
    """61: whatever step of a run finds no descriptor, it is our failure; afterwards the slot works again."""
    with open_sandbox(tier=available_tiers()[0]) as sandbox:
        assert_honest_passes(sandbox, "opening")
        with few_descriptors(spare):
            try:
                evaluation = sandbox.evaluate(HONEST, HONEST_SUITE, JudgeSpec(), Limits())
            except SandboxError:
                pass
            else:
                assert evaluation.verdict == "PASSED"  # so many were enough
                assert spare >= 5
        assert_honest_passes(sandbox, f"{spare} descriptors")


@pytest.mark.parametrize("tier", available_tiers())
def test_without_seccomp_no_tier_opens(tier: str) -> None:
    """62: a mandatory protection that is missing is named, and nothing runs."""
    assert "refused:" in (said := _without("seccomp", tier))
    assert "seccomp" in said.lower()


def test_without_landlock_its_tier_does_not_open() -> None:
    """62: where Landlock is all that confines files, its absence is a refusal that names it."""
    assert "refused:" in (said := _without("landlock", "landlock"))
    assert "landlock" in said.lower()


def _without(what: str, tier: str) -> str:
    root = str(Path(farm.sandbox.__file__).parents[2])
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT, what, tier],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])},
        timeout=60,
        check=False,
    )
    return ran.stdout + ran.stderr


def test_limits_know_no_wall_clock() -> None:
    """63: no module of the sandbox reads the wall clock, so its jumps change nothing."""
    for path in Path(farm.sandbox.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert (node.value.id, node.attr) not in {("time", "time"), ("datetime", "now")}, path
