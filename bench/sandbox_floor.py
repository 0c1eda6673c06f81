"""What one execution costs: a fresh interpreter, a bare fork of one, and the sandbox on 1 and 20 tests.

    python bench/sandbox_floor.py [TIER]

Prints minimum and median in milliseconds, and the ratio of medians to a fresh interpreter.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from farm.judging.open import open_sandbox
from farm.records import JudgeSpec, Limits, Suite, TestCase, Verdict

PROGRAM = "print(sum(map(int, input().split())))"
ROUNDS = 200


def measure(name: str, action: Callable[[], object], rounds: int, base: float) -> float:
    """Print one row; the median in seconds."""
    action()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        action()
        times.append(time.perf_counter() - begun)
    median = statistics.median(times)
    ratio = f"{median / base:8.2f}" if base else "    1.00"
    print(f"{name:34} {min(times) * 1e3:8.2f} {median * 1e3:8.2f} {ratio}")
    return median


def fork_and_wait() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def main() -> None:
    tier = sys.argv[1] if len(sys.argv) > 1 else "auto"
    bare = [os.path.realpath(sys.executable), "-I", "-S", "-c", "pass"]
    print(f"{'milliseconds':34} {'min':>8} {'p50':>8} {'ratio':>8}")
    base = measure("python -I -S -c pass", lambda: subprocess.run(bare, check=True), ROUNDS, 0.0)
    measure("fork of this process", fork_and_wait, ROUNDS, base)
    with open_sandbox(tier=tier) as sandbox:
        for mode in ("judge", "lcb"):
            for tests in (1, 20):
                suite = Suite(func_name=None, tests=(TestCase(input="1 2\n", output="3\n"),) * tests)
                judge = JudgeSpec.model_validate({"mode": mode})

                def once(suite: Suite = suite, judge: JudgeSpec = judge) -> None:
                    assert sandbox.evaluate(PROGRAM, suite, judge, Limits()).verdict is Verdict.PASSED

                measure(f"{sandbox.info.tier}, {mode}, {tests} tests", once, ROUNDS // tests, base)
        print(sandbox.info.runtime, *sandbox.info.protections)


if __name__ == "__main__":
    main()
