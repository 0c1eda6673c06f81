"""Is this sandbox tight? About fifteen attacks and three honest programs through the real path.

A worker runs this before it consumes its first task and ends if one check fails: a protection that is
configured but does not hold is worth nothing. Nothing here can pass by accident: an attack passes only
when the program itself has printed that it was refused.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from farm.errors import ConfigError, FarmError, SandboxLost, SandboxUnavailable
from farm.judging.open import refusal, ways
from farm.records import JudgeSpec, Limits, Suite, TestCase, Verdict
from farm.sandbox.api import Evaluation, Sandbox
from farm.sandbox.confinement import ContainerSpec
from farm.text import one_line

_LIMITS = Limits(cpu_s=5.0, wall_s=30.0, memory_bytes=256 << 20)
_QUICK = Limits(cpu_s=0.2, wall_s=20.0)
# CPU enough for the bomb to go off: on a busy virtual machine touching 64 MB has taken a quarter of a second
_SMALL = Limits(cpu_s=10.0, wall_s=30.0, memory_bytes=64 << 20, stdout_bytes=1 << 16)


@dataclass(frozen=True, slots=True)
class Check:
    """One attack or honest program, and whether it was answered as required."""

    name: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Program:
    name: str
    source: str
    output: str
    verdict: Verdict = Verdict.PASSED
    limits: Limits = _LIMITS
    input: str = ""
    func_name: str | None = None
    mode: str = "judge"


_REFUSED = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def raw(number, *words):
    if libc.syscall(number, *(ctypes.c_long(w) for w in words)) < 0:
        raise OSError(ctypes.get_errno(), "")
def call(x86, arm, *words):
    raw(x86 if os.uname().machine == "x86_64" else arm, *words)
def attempt(action):
    try:
        action()
    except (OSError, ValueError):
        print("refused")
    else:
        print("ALLOWED")
"""


def _attack(name: str, *actions: str, before: str = "") -> _Program:
    """A program that tries each action and prints what became of it."""
    lines = [_REFUSED, before, *(f"attempt(lambda: {action})" for action in actions)]
    return _Program(name, "\n".join(lines), "refused\n" * len(actions))


def _programs(canary: Path, secret: str) -> list[_Program]:
    """`canary`: a file that any user may read, but no program; `secret`: a text in this process's memory."""
    return [*_attacks(canary), *_inspections(secret), *_bombs(), *_honest()]


def _attacks(canary: Path) -> list[_Program]:
    worker, path = os.getpid(), str(canary)
    return [
        _attack("fork", "os.fork()", "call(56, 220, 17, 0, 0, 0, 0)", "raw(435, 0, 0)"),
        _attack("exec", "os.execv('/bin/true', ['true'])", "os.posix_spawn('/bin/true', ['true'], {})"),
        _attack(
            "sockets",
            "socket.socket()",
            "socket.socket(socket.AF_UNIX)",
            "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
            before="import socket",
        ),
        _attack("reading", f"open({path!r})", "open('/etc/passwd')", f"os.listdir({str(canary.parent)!r})"),
        _attack("writing", f"open({path!r}, 'r+')", "open('/tmp/x', 'w')", "open('/dev/shm/x', 'w')", "open('x', 'w')"),
        _attack("metadata", f"os.chmod({path!r}, 0o777)", f"os.utime({path!r})", f"os.truncate({path!r}, 0)"),
        _attack("signals", "os.kill(os.getppid(), 0)", f"os.kill({worker}, 0)", "os.kill(-1, 0)"),
        _attack("other processes", "open(f'/proc/{os.getppid()}/environ')", f"call(101, 117, 16, {worker}, 0, 0)"),
        _attack("namespaces and mounts", "call(272, 97, 0x10000000)", "os.chroot('/')"),
        _attack("kernel surface", "raw(425, 1, 0)", "call(250, 219, 0, 0, 0)", "call(321, 280, 0, 0, 0)"),
        _attack(
            "own limits",
            "resource.setrlimit(resource.RLIMIT_CPU, (9, 9))",
            "resource.setrlimit(resource.RLIMIT_FSIZE, (9, 9))",
            before="import resource",
        ),
        _attack("parent-death signal", "call(157, 167, 1, 0, 0, 0, 0)"),
    ]


def _inspections(secret: str) -> list[_Program]:
    descriptors = """
import os
def is_open(number):
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
print([n for n in range(256) if is_open(n)])
"""
    memory = f"""
import gc
wanted = {secret[:8]!r} + {secret[8:]!r}
print(any(wanted in o for o in gc.get_objects() if isinstance(o, (str, list, dict))))
"""
    return [
        _Program("not root, no environment", "import os\nprint(0 in os.getresuid(), len(os.environ))", "False 0"),
        _Program("descriptors", descriptors, "[0, 1, 2]"),
        _Program("memory of the worker", memory, "False"),
    ]


def _bombs() -> list[_Program]:
    memory = "a = []\nwhile True:\n    a.append(bytearray(1 << 20))"
    return [
        _Program("CPU limit", "while True: pass", "", Verdict.TIME_LIMIT, _QUICK),
        _Program("memory limit", memory, "", Verdict.MEMORY_LIMIT, _SMALL),
        _Program("output limit", "while True: print('x' * 1000)", "", Verdict.OUTPUT_LIMIT, _SMALL),
    ]


def _honest() -> list[_Program]:
    library = "import sys, colorsys, wave, xml.dom.minidom\nprint(sum(map(int, sys.stdin.read().split())))"
    much = """
import threading
def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)
thread = threading.Thread(target=lambda: print(depth(9000)))
thread.start()
thread.join()
print("y" * 2_000_000)
"""
    function = "class Solution:\n    def add(self, a, b):\n        return a + b"
    return [
        _Program("honest: input, rare imports", library, "6", input="1 2 3\n"),
        _Program("honest: thread, recursion, 2 MB of output", much, "9000\n" + "y" * 2_000_000),
        _Program("honest: function", function, "[1, 2]", input="[1]\n[2]", func_name="add"),
        _Program("honest: mode lcb", "print(int(input()) + 1)", "2", input="1", mode="lcb"),
    ]


def self_test(sandbox: Sandbox) -> list[Check]:
    """Run every check on `sandbox`; takes about a second. Raises SandboxLost when the sandbox dies of it."""
    secret = os.urandom(16).hex()
    with _canary() as canary:
        before = canary.read_bytes(), canary.stat().st_mode, canary.stat().st_mtime_ns
        checks = [_run(sandbox, program) for program in _programs(canary, secret)]
        after = canary.read_bytes(), canary.stat().st_mode, canary.stat().st_mtime_ns
        checks.append(Check("the canary is untouched", before == after))
    return checks


def require_safe(
    tier: str = "auto",
    *,
    python: str | None = None,
    preload: tuple[str, ...] | None = None,
    container: ContainerSpec | None = None,
) -> Sandbox:
    """A sandbox that has passed its self-test; the caller closes it. `auto`: the strongest tier that does.

    Raises SandboxUnavailable with what is missing and the options. Tier `none` passes no test and is
    refused here: who wants it opens it by name.
    """
    if tier == "none":
        raise ConfigError("tier none confines nothing", remedy="open_sandbox(tier='none') is the way to ask for it")
    reasons = []
    for way in ways(tier, python=python, preload=preload, container=container):
        try:
            sandbox = way.start()
        except SandboxUnavailable as exc:
            reasons.append(str(exc))
            continue
        try:
            failed = [check for check in self_test(sandbox) if not check.ok]
        except FarmError as exc:
            sandbox.close()
            reasons.append(f"tier {way.name}: {exc.message}")
            continue
        except BaseException:
            sandbox.close()
            raise
        if not failed:
            return sandbox
        sandbox.close()
        reasons.append(f"tier {way.name} fails its self-test: " + ", ".join(f"{c.name} ({c.detail})" for c in failed))
    raise refusal(reasons, tier)


def _run(sandbox: Sandbox, program: _Program) -> Check:
    suite = Suite(func_name=program.func_name, tests=(TestCase(input=program.input, output=program.output),))
    judge = JudgeSpec(mode="lcb") if program.mode == "lcb" else JudgeSpec()
    try:
        seen = sandbox.evaluate(program.source, suite, judge, program.limits)
    except SandboxLost as exc:
        return Check(program.name, False, exc.message)
    return Check(program.name, seen.verdict is program.verdict, _explain(seen))


def _explain(seen: Evaluation) -> str:
    case = seen.cases[0] if seen.cases else None
    said = one_line(case.stdout_excerpt, 60) if case is not None else ""
    return f"{seen.verdict} {seen.detail} {said}".strip()


@contextmanager
def _canary() -> Iterator[Path]:
    """A file that only the sandbox protects. Where nothing can be written, this one, which all may read."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="farm-self-test-")
    except OSError:
        yield Path(__file__)
        return
    with folder as name:
        Path(name).chmod(0o755)
        path = Path(name) / "canary"
        path.write_text("untouched")
        path.chmod(0o666)
        yield path
