"""Whether a busy host changes a verdict: the same programs graded idle and beside busy processes.

    python bench/load.py [--tiers ns,landlock,uid,docker] [--modes lcb,judge] [--busy 8] [--times 3]
                         [--every 1] [--cpu 1,3,5.5] [--minutes 60] [--data ../shared/data] [--json FILE]

The recorded programs of the sample data (each --every'th), and programs that use 1, 3 and 5.5 s of CPU of a limit of
6 s, with and without a catch-all around each step, and in a thread. Each tier and mode is graded once idle, which
is the verdict that counts, and then --times times beside --busy processes that spin, each in its own session, so
that the kernel's autogroups favour none. Printed is each program whose verdict or first failing test differs, and per
round the load, how often programs were starved and how long. The rounds end after --minutes; what was left out is said.

Tier `landlock` is not for root: `tests/environments/as_user.py` runs a command as another user. The exit status is 1 if
any verdict differs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from farm.datasets.reader import read_problems
from farm.errors import SandboxError
from farm.judging.open import open_sandbox
from farm.records import JudgeSpec, Suite, TestCase, Verdict, default_limits
from farm.sandbox.api import Evaluation, Sandbox

ROOT = Path(__file__).resolve().parents[1]
PROBLEMS, PROGRAMS = "lcb_sample_problems.jsonl", "lcb_sample_graded_codes.jsonl"
BUSY = "import os\nwhile os.getppid() == {parent}:\n    for _ in range(100_000): pass"
ADDS_ONE = Suite(func_name=None, tests=(TestCase(input="41\n", output="42\n"),))
PLAIN = (
    "import time\nn = int(input())\nbegun = time.process_time()\n"
    "while time.process_time() - begun < {cpu}: pass\nprint(n + 1)\n"
)
CATCHING = (
    "import time\nn = int(input())\nbegun = time.process_time()\nwhile time.process_time() - begun < {cpu}:\n"
    "    try:\n        n = n + 0\n    except BaseException:\n        pass\nprint(n + 1)\n"
)
THREADED = (
    "import threading, time\ndef main():\n    n = int(input())\n    begun = time.process_time()\n"
    "    while time.process_time() - begun < {cpu}: pass\n    print(n + 1)\n"
    "thread = threading.Thread(target=main)\nthread.start()\nthread.join()\n"
)


@dataclass(frozen=True)
class Program:
    """One program with its tests."""

    name: str
    source: str
    suite: Suite


@dataclass(frozen=True)
class Outcome:
    """What one round said of one program."""

    program: str
    verdict: str  # "unjudged" for a failure of ours
    first_failure: int | None
    detail: str
    cpu_s: float
    wall_s: float
    starved_s: float


@dataclass(frozen=True)
class Round:
    """One pass over all programs."""

    tier: str
    mode: str
    busy: int
    seconds: float
    load: float  # the kernel's one-minute average at the end
    outcomes: list[Outcome]


def recorded(data: Path, every: int) -> list[Program]:
    problems = read_problems([data / PROBLEMS])
    suites = {problem.problem_id: Suite(func_name=problem.func_name, tests=problem.tests) for problem in problems}
    rows = [json.loads(line) for line in (data / PROGRAMS).read_text().splitlines()][::every]
    return [Program(f"{i * every} {r['question_id']}", r["code"], suites[r["question_id"]]) for i, r in enumerate(rows)]


def spinning(seconds: list[float]) -> list[Program]:
    kinds = {"plain": PLAIN, "catch-all": CATCHING, "thread": THREADED}
    return [
        Program(f"{cpu:g} s of CPU, {kind}", source.format(cpu=cpu), ADDS_ONE)
        for cpu in seconds
        for kind, source in kinds.items()
    ]


@contextmanager
def busy(count: int) -> Iterator[None]:
    command = [sys.executable, "-S", "-c", BUSY.format(parent=os.getpid())]
    running = [subprocess.Popen(command, start_new_session=True) for _ in range(count)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def outcome(program: Program, sandbox: Sandbox, judge: JudgeSpec) -> Outcome:
    try:
        seen = sandbox.evaluate(program.source, program.suite, judge, default_limits(judge))
    except SandboxError as exc:
        seen = Evaluation(Verdict.RUNTIME_ERROR, None, (), detail=exc.message)
        return Outcome(program.name, "unjudged", None, exc.message, 0.0, 0.0, 0.0)
    starved_s = sum(case.starved_s for case in seen.cases)
    where = seen.first_failure
    return Outcome(program.name, seen.verdict.value, where, seen.detail, seen.cpu_s, seen.wall_s, starved_s)


def graded(programs: list[Program], sandbox: Sandbox, tier: str, mode: str, others: int, ends: float) -> Round:
    judge = JudgeSpec.model_validate({"mode": mode})
    begun, outcomes = time.monotonic(), []
    with busy(others):
        for program in programs:
            if time.monotonic() > ends:
                break
            outcomes.append(outcome(program, sandbox, judge))
    return Round(tier, mode, others, time.monotonic() - begun, os.getloadavg()[0], outcomes)


def differing(idle: Round, loaded: Round) -> list[str]:
    """A line for each program that the busy host gave another verdict."""
    found = []
    for a, b in zip(idle.outcomes, loaded.outcomes, strict=False):
        if (a.verdict, a.first_failure) != (b.verdict, b.first_failure):
            times = f"{b.cpu_s:.2f} s CPU, {b.wall_s:.2f} s wall, {b.starved_s:.2f} s starved"
            before = f"{a.verdict} at {a.first_failure} ({a.cpu_s:.2f} s CPU)"
            found.append(f"  {b.program}: idle {before}, busy {b.verdict} at {b.first_failure} ({times}): {b.detail}")
    return found


def told(one: Round, total: int) -> str:
    starved = [seen.starved_s for seen in one.outcomes]
    some = sum(second > 0.1 for second in starved)
    short = "" if len(one.outcomes) == total else f" of {total}: out of time"
    return (
        f"{one.tier:12} {one.mode:6} busy {one.busy}: {len(one.outcomes)}{short} programs in {one.seconds:.0f} s, "
        f"load {one.load:.1f}, {some} starved, {max(starved, default=0.0):.1f} s at most"
    )


def main() -> int:
    asked = arguments()
    ends = time.monotonic() + 60 * asked.minutes
    programs = spinning([float(word) for word in asked.cpu.split(",")]) + recorded(asked.data, asked.every)
    rounds, differences = [], 0
    for tier in asked.tiers.split(","):
        for mode in asked.modes.split(","):
            with open_sandbox(tier=tier) as sandbox:
                idle = graded(programs, sandbox, tier, mode, 0, ends)
                print(told(idle, len(programs)), flush=True)
                rounds.append(idle)
                for _ in range(asked.times):
                    if time.monotonic() > ends:
                        print(f"{tier} {mode}: a round beside busy processes was left out: out of time")
                        continue
                    loaded = graded(programs, sandbox, tier, mode, asked.busy, ends)
                    lines = differing(idle, loaded)
                    differences += len(lines)
                    print(
                        "\n".join([f"{told(loaded, len(programs))}, {len(lines)} verdicts differ", *lines]), flush=True
                    )
                    rounds.append(loaded)
    if asked.json:
        asked.json.write_text(json.dumps([asdict(one) for one in rounds]))
    return int(differences > 0)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tiers", default="ns,landlock,uid,docker")
    parser.add_argument("--modes", default="lcb,judge")
    parser.add_argument("--busy", type=int, default=8)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--cpu", default="1,3,5.5")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
