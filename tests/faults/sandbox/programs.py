"""Programs with the verdict that each must get: floods, bombs, and a mixture of all verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from farm.records import JudgeSpec, Limits, Suite, TestCase, Verdict

ONE = Suite(func_name=None, tests=(TestCase(input="1\n", output="1\n"),))
CALL = Suite(func_name="f", tests=(TestCase(input="1", output="1"),))
_LINES = 1 << 16
BIG = Suite(func_name=None, tests=(TestCase(input="", output=("x" * 1023 + "\n") * _LINES),))  # 64 MB

JUDGE, LCB = JudgeSpec(), JudgeSpec(mode="lcb")
TIGHT = Limits(cpu_s=0.5, wall_s=30.0, memory_bytes=64 << 20, stdout_bytes=1 << 20, result_bytes=1 << 20)
SHORT = TIGHT.model_copy(update={"cpu_s": 0.2})  # for those that use all of it
ROOMY = TIGHT.model_copy(update={"cpu_s": 4.0, "wall_s": 60.0})  # for those that need long on a busy host


@dataclass(frozen=True, slots=True)
class Program:
    """A program, its tests and limits, what is required of it, and how many of a hundred runs are its own."""

    name: str
    verdict: Verdict
    source: str
    suite: Suite = ONE
    judge: JudgeSpec = JUDGE
    limits: Limits = TIGHT
    share: int = 1
    failing: int = 0  # index of the first test that fails, if it is to fail

    @property
    def wanted(self) -> tuple[Verdict, int | None]:
        """The verdict and the index of the first failure."""
        return self.verdict, None if self.verdict is Verdict.PASSED else self.failing


OLE, MLE, TLE = Verdict.OUTPUT_LIMIT, Verdict.MEMORY_LIMIT, Verdict.TIME_LIMIT
_PRINT = "while True: print('x' * 65536)"
_WRITE = "import os\nwhile True: os.write(1, b'y' * (1 << 20))"
_RETURN = "def f(x): return 'r' * (4 << 20)"
_RESULT = "import os\ndef f(x):\n    while True: os.write(3, b'r' * 65536)"
_LIST = "kept = []\nwhile True: kept.append('m' * 4096 + str(len(kept)))"
_DOUBLING = "block = bytearray(1 << 10)\nwhile True: block *= 2"
_STDERR = "import sys\nwhile True: sys.stderr.write('z' * 65536)"
_MMAP = """
import mmap
kept = []
while True:
    kept.append(mmap.mmap(-1, 1 << 20, flags=mmap.{flag} | mmap.MAP_ANONYMOUS))
    kept[-1].write(b'm' * (1 << 20))
"""
# On several CPUs at once, by the kernel alone: where the host is slow, the cgroup ends it before the supervisor looks
POPULATE = """
import mmap, threading
def grab(): mmap.mmap(-1, 512 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x8000).close()
for _ in range(3): threading.Thread(target=grab).start()
grab()
"""
_ECHO = "print(input())"
KILLS_ITSELF = "import signal\nsignal.raise_signal(9)"

FLOODS = (
    Program("stdout, print", OLE, _PRINT, share=14),
    Program("stdout, write", OLE, _WRITE, share=13),
    Program("stdout, short lines", OLE, "while True: print('y')", limits=ROOMY, share=1),
    Program("stdout, write, lcb", OLE, _WRITE, judge=LCB, share=4),
    Program("stdout, print, lcb", MLE, _PRINT, judge=LCB, limits=ROOMY, share=4),  # captured in memory there
    Program("stderr", TLE, _STDERR, limits=SHORT, share=2),
    Program("stderr, then right", Verdict.PASSED, "import sys\nsys.stderr.write('z' * (4 << 20))\n" + _ECHO, share=5),
    Program("result", OLE, _RETURN, suite=CALL, share=6),
    Program("result, raw", OLE, _RESULT, suite=CALL, share=6),
    Program("result, lcb", OLE, _RETURN, suite=CALL, judge=LCB, limits=ROOMY, share=3),
    Program("result, raw, lcb", OLE, _RESULT, suite=CALL, judge=LCB, limits=ROOMY, share=3),
    Program("64 MB, right", Verdict.PASSED, f"for _ in range({_LINES}): print('x' * 1023)", BIG, limits=ROOMY, share=1),
)
BOMBS = (
    Program("growing list", MLE, _LIST, share=6),
    Program("huge allocation", MLE, "block = bytearray(100 << 30)", share=7),
    Program("huge and touched", MLE, "block = b'x' * (512 << 20)", share=5),
    Program("doubling", MLE, _DOUBLING, share=5),
    Program("mmap, private", MLE, _MMAP.format(flag="MAP_PRIVATE"), share=3),
    Program("mmap, shared", MLE, _MMAP.format(flag="MAP_SHARED"), share=3),
    Program("mmap, populated", MLE, POPULATE, limits=ROOMY, share=2),
    # Beside those that the kernel may kill
    Program("kills itself", Verdict.RUNTIME_ERROR, KILLS_ITSELF, limits=ROOMY, share=1),
    Program("growing list, lcb", MLE, _LIST, judge=LCB, limits=ROOMY, share=3),
    Program("doubling, lcb", MLE, _DOUBLING, judge=LCB, limits=ROOMY, share=3),
)

_THREE = Suite(
    func_name=None,
    tests=tuple(TestCase(input=f"{n} {n + 1}\n", output=f"{2 * n + 1}\n") for n in (1, 20, 300)),
)
_THREE_CALLS = Suite(func_name="f", tests=tuple(TestCase(input=f"{n}\n2", output=f"{2 * n}") for n in (1, 20, 300)))
_SUM = "import sys\nprint(sum(map(int, sys.stdin.read().split())))"
_SPIN = "import time\nend = time.process_time() + 0.06\nwhile time.process_time() < end: pass\n"
_LATE_WRONG = "a, b = map(int, input().split())\nprint(a + b if a < 300 else 0)"
_LATE_EXCEPTION = "def f(x, y): return x * y if x < 20 else [][x]"


def _both(
    name: str, verdict: Verdict, source: str, suite: Suite = _THREE, limits: Limits = ROOMY, failing: int = 0
) -> list[Program]:
    return [Program(f"{name}, {j.mode}", verdict, source, suite, j, limits, failing=failing) for j in (JUDGE, LCB)]


MIXED: Sequence[Program] = (
    *_both("right", Verdict.PASSED, _SUM),
    *_both("right and slow", Verdict.PASSED, _SPIN + _SUM),
    *_both("right value", Verdict.PASSED, "def f(x, y): return x * y", _THREE_CALLS),
    *_both("wrong in the last test", Verdict.WRONG_ANSWER, _LATE_WRONG, failing=2),
    *_both("wrong value", Verdict.WRONG_ANSWER, "def f(x, y): return x + 1", _THREE_CALLS, failing=1),
    *_both("wrong and slow", Verdict.WRONG_ANSWER, _SPIN + "print(0)"),
    *_both("exception", Verdict.RUNTIME_ERROR, "print(1 // 0)"),
    *_both("exception in a function", Verdict.RUNTIME_ERROR, _LATE_EXCEPTION, _THREE_CALLS, failing=1),
    *_both("kills itself", Verdict.RUNTIME_ERROR, KILLS_ITSELF),
    *_both("segmentation fault", Verdict.RUNTIME_ERROR, "import ctypes\nctypes.string_at(0)"),
    Program("exit code 3, judge", Verdict.RUNTIME_ERROR, _SUM + "\nraise SystemExit(3)", _THREE, limits=ROOMY),
    *_both("endless", TLE, "while True: pass", limits=SHORT),
    Program("sleeps, judge", TLE, "import time\ntime.sleep(600)", limits=Limits(cpu_s=0.2, wall_s=0.4)),
    *_both("growing list", MLE, _LIST),
    *_both("huge allocation", MLE, "block = bytearray(100 << 30)"),
    *_both("stdout", OLE, _WRITE),
    *_both("result", OLE, "def f(x, y): return 'r' * (4 << 20)", _THREE_CALLS),
    *_both("no Python", Verdict.SYNTAX_ERROR, "def f(:"),
)
