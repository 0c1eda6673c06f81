"""What one judged run costs, compared with the ways others run a program, measured in one invocation on one machine.

All rows are taken in turn, round by round, so that a noisy neighbour is noise in each of them. A rival that is not
installed keeps its row and says so. LiveCodeBench's own grader is measured from a checkout of its repository:

    python bench/sandbox.py --lcb PATH/TO/LiveCodeBench [--tier auto] [--runs 40] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from farm.errors import SandboxUnavailable
from farm.judging.open import open_sandbox
from farm.records import JudgeSpec, Limits, Suite, TestCase, Verdict
from farm.sandbox.api import Sandbox
from farm.sandbox.confinement import DEFAULT_IMAGE, ContainerSpec

PROGRAM = "a, b = map(int, input().split())\nprint(a + b)\n"
MODULES = """
string re datetime collections heapq bisect copy math random statistics itertools functools operator io sys json
"""
# The imports every LiveCodeBench program may rely on, in the order of its grader.
HEADER = "".join(f"from {m} import *\n" for m in [*MODULES.split(), "builtins", "typing"])
HEADER += "".join(f"import {m}\n" for m in MODULES.split())

# A warm interpreter that forks, as cheap as Python can be: no lock-down, no pipes, no judging.
FLOOR = """
import os, sys, time
for line in sys.stdin:
    start = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    print(time.perf_counter() - start, flush=True)
"""

# LiveCodeBench's grader, called as its own evaluation calls it: a manager and a process for each sample.
LCB = """
import contextlib, io, json, sys, time
from lcb_runner.evaluation.compute_code_generation_metrics import check_correctness
program, wanted = sys.argv[1], sys.argv[2]
print("ready", flush=True)
for line in sys.stdin:
    tests = int(line)
    sample = {"input_output": json.dumps({"inputs": ["20 22\\n"] * tests, "outputs": ["42\\n"] * tests})}
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        results, _ = check_correctness(sample, program, timeout=6, debug=False)
    took = time.perf_counter() - start
    print(took if results == [True] * tests else "wrong", flush=True)
"""

Row = Callable[[], float]  # measures one run, in seconds


class Unavailable(Exception):
    """A rival is not on this machine; the message says what is missing."""


def suite(tests: int) -> Suite:
    return Suite(func_name=None, tests=(TestCase(input="20 22\n", output="42\n"),) * tests)


def judged(sandbox: Sandbox, judge: JudgeSpec, tests: int) -> Row:
    """One sample through the public interface, judged; a verdict other than PASSED ends the benchmark."""
    work, limits = suite(tests), Limits()

    def run() -> float:
        start = time.perf_counter()
        evaluation = sandbox.evaluate(PROGRAM, work, judge, limits)
        took = time.perf_counter() - start
        if evaluation.verdict is not Verdict.PASSED:
            raise SystemExit(f"the honest program got {evaluation.verdict}: {evaluation.detail}")
        return took

    return run


def command(*arguments: str) -> Row:
    """A whole process per run."""
    if shutil.which(arguments[0]) is None:
        raise Unavailable(f"{Path(arguments[0]).name} is not installed")

    def run() -> float:
        start = time.perf_counter()
        ran = subprocess.run(arguments, input=b"20 22\n", capture_output=True, check=False)
        took = time.perf_counter() - start
        if ran.returncode != 0:
            raise Unavailable(ran.stderr.decode(errors="replace").strip().partition("\n")[0])
        return took

    run()  # what does not work at all is said before the first round
    return run


def driver(stack: ExitStack, arguments: list[str], line: str, cwd: Path | None = None, greets: bool = False) -> Row:
    """A process that stays and measures one run per line it gets, so that its own start is not counted."""
    process = subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd
    )
    stack.enter_context(process)
    stack.callback(process.kill)
    assert process.stdin and process.stdout and process.stderr
    give, answers, errors = process.stdin, process.stdout, process.stderr
    if greets and answers.readline() != "ready\n":
        raise Unavailable((errors.read().strip().splitlines() or ["it ended at once"])[-1])

    def run() -> float:
        give.write(line + "\n")
        give.flush()
        return float(answers.readline())

    return run


def bubblewrap() -> Row:
    """bubblewrap as sandboxes of this field use it: private root, no network, everything read-only."""
    python = sys.executable
    binds = [
        a for p in ("/usr", "/lib", "/lib64", "/bin", sys.prefix, sys.base_prefix) for a in ("--ro-bind-try", p, p)
    ]
    return command(
        "bwrap", *binds, "--unshare-all", "--die-with-parent", "--dev", "/dev", python, "-S", "-c", HEADER + PROGRAM
    )


def lcb(stack: ExitStack, checkout: Path | None, tests: int) -> Row:
    if checkout is None:
        raise Unavailable("no checkout given (--lcb PATH)")
    return driver(stack, [sys.executable, "-c", LCB, PROGRAM, ""], str(tests), checkout, greets=True)


def contained(stack: ExitStack, image: str) -> Row:
    """The same as `judged`, in a warm container of the engine."""
    try:
        sandbox = stack.enter_context(open_sandbox(tier="docker", container=ContainerSpec(image)))
    except SandboxUnavailable as exc:
        raise Unavailable(exc.message) from exc
    return judged(sandbox, JudgeSpec(), 1)


def rows(stack: ExitStack, tier: str, checkout: Path | None, image: str) -> tuple[dict[str, Row | str], str]:
    """All rows by name; a text instead of a measurement says why there is none."""
    sandbox = stack.enter_context(open_sandbox(tier=tier))
    python = sys.executable
    makers: dict[str, Callable[[], Row]] = {
        "farm judge, 1 test": lambda: judged(sandbox, JudgeSpec(), 1),
        "farm judge, 20 tests": lambda: judged(sandbox, JudgeSpec(), 20),
        "farm lcb, 1 test": lambda: judged(sandbox, JudgeSpec(mode="lcb"), 1),
        "farm lcb, 20 tests": lambda: judged(sandbox, JudgeSpec(mode="lcb"), 20),
        "farm judge, 1 test, container": lambda: contained(stack, image),
        "floor: fork of a warm interpreter": lambda: driver(stack, [python, "-S", "-c", HEADER + FLOOR], ""),
        "python -I -S -c pass": lambda: command(python, "-I", "-S", "-c", "pass"),
        "python -I -S, header": lambda: command(python, "-I", "-S", "-c", HEADER + PROGRAM),
        "bubblewrap + python, header": bubblewrap,
        "docker run, header": lambda: command(
            "docker", "run", "--rm", "-i", "--network", "none", image, "python3", "-c", HEADER + PROGRAM
        ),
        "LCB check_correctness, 1 test": lambda: lcb(stack, checkout, 1),
        "LCB check_correctness, 20 tests": lambda: lcb(stack, checkout, 20),
    }
    made: dict[str, Row | str] = {}
    for name, make in makers.items():
        try:
            made[name] = make()
        except Unavailable as missing:
            made[name] = str(missing)
    return made, sandbox.info.tier


def throughput(tier: str, slots: int, seconds: float) -> float:
    """Judged runs per second of `slots` processes with a sandbox each, as a worker has them."""
    arguments = [sys.executable, __file__, "--tier", tier, "--as-slot", str(seconds)]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(arguments, stdin=pipe, stdout=pipe, text=True) for _ in range(slots)]
    for process in processes:
        assert process.stdout and process.stdout.readline() == "ready\n"
    for process in processes:  # all are warm: start them together
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    return sum(float(process.communicate()[0]) for process in processes)


def be_a_slot(tier: str, seconds: float) -> None:
    """The process that `throughput` starts: warm up, wait for the start, print runs per second."""
    with open_sandbox(tier=tier) as sandbox:
        run = judged(sandbox, JudgeSpec(), 1)
        run()
        print("ready", flush=True)
        sys.stdin.readline()
        start, runs = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            run()
            runs += 1
        print(runs / (time.perf_counter() - start))


def machine() -> str:
    kernel = f"{platform.system()} {platform.release()} {platform.machine()}"
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {kernel}, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tier", default="auto", help="sandbox tier (default: the strongest that works)")
    parser.add_argument("--lcb", type=Path, metavar="PATH", help="checkout of LiveCodeBench/LiveCodeBench")
    parser.add_argument("--image", default=DEFAULT_IMAGE, help="image of the container rows")
    parser.add_argument("--runs", type=int, default=40, help="measurements of each row")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each throughput measurement")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers here")
    parser.add_argument("--as-slot", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.as_slot is not None:
        be_a_slot(given.tier, given.as_slot)
        return

    with ExitStack() as stack:
        made, tier = rows(stack, given.tier, given.lcb, given.image)
        taken: dict[str, list[float]] = {name: [] for name, row in made.items() if not isinstance(row, str)}
        for round_ in range(given.runs + 3):
            for name, row in made.items():
                if not isinstance(row, str):
                    took = row()
                    if round_ >= 3:  # the first rounds warm caches
                        taken[name].append(took * 1000)
    rates = {slots: throughput(given.tier, slots, given.seconds) for slots in (1, 2)}

    base = taken["farm judge, 1 test"]
    print(f"{machine()}; sandbox tier {tier}; {given.runs} runs of each row, taken in turn\n")
    print(f"{'one sample':36}{'min ms':>10}{'p50 ms':>10}{'x min':>9}{'x p50':>9}")
    numbers: dict[str, dict[str, float] | str] = {}
    for name, row in made.items():
        if isinstance(row, str):
            print(f"{name:36}  not available: {row}")
            numbers[name] = row
            continue
        low, middle = min(taken[name]), statistics.median(taken[name])
        ratios = low / min(base), middle / statistics.median(base)
        print(f"{name:36}{low:10.2f}{middle:10.2f}{ratios[0]:9.2f}{ratios[1]:9.2f}")
        numbers[name] = {"min_ms": low, "p50_ms": middle}
    print("\n(x: times the first row)")
    for ours, theirs in (
        (f"farm {mode}, {n}", f"LCB check_correctness, {n}") for mode, n in (("judge", "1 test"), ("lcb", "20 tests"))
    ):
        if theirs in taken:
            ratio = statistics.median(taken[theirs]) / statistics.median(taken[ours])
            print(f"{theirs} takes {ratio:.1f} times {ours} (p50)")
    print(
        "runs per second: "
        + ", ".join(f"{rate:.0f} on {slots} slot{'s' * (slots > 1)}" for slots, rate in rates.items())
    )
    if given.json:
        report = {"machine": machine(), "tier": tier, "rows": numbers, "runs_per_second": rates}
        given.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
