"""Whether a busy host changes a verdict: the same programs graded idle and beside busy processes.

    python bench/load.py [--tiers ns,landlock,uid,docker] [--modes lcb,judge] [--busy 8] [--times 3] [--slots 1]
                         [--every 1] [--cpu 1,3,5.5] [--data ../shared/data] [--more FOLDER]
                         [--minutes 60] [--results FILE]

Graded are programs that use 1, 3 and 5.5 s of CPU of a limit of 6 s, with and without a catch-all around each step and
in a thread; the programs of --more (problems.jsonl, completions.jsonl with `code`); and the recorded programs of the
sample data (each --every'th; 0: none). Each tier and mode is graded once idle, which is the verdict that counts, and
then --times times next to --busy processes that spin, each in its own session, so that the kernel's autogroups favour
none. Beside busy processes --slots programs are graded at a time, on an idle host one.

Each outcome is a line of --results as soon as it is known. Started again with the same file, the bench goes on where
it ended, so that the whole may be had in parts of --minutes. At the end it prints, from all outcomes in the file, a row
per round, each program whose verdict or first failing test differs, and what is still missing. A program that the host
left without a core for so long that it was not judged is counted apart: it has no verdict.

Tier `landlock` is not for root: `tests/environments/as_user.py` runs a command as another user. The exit status is 1 if
any verdict differs, 3 if none does but rounds are missing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Lock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from farm.datasets.reader import read_problems
from farm.errors import SandboxError
from farm.judging.open import open_sandbox
from farm.records import JudgeSpec, Suite, TestCase, default_limits
from farm.sandbox.api import Sandbox

ROOT = Path(__file__).resolve().parents[1]
PROBLEMS, PROGRAMS = "lcb_sample_problems.jsonl", "lcb_sample_graded_codes.jsonl"
UNJUDGED = "unjudged"
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
class Round:
    """One pass over all programs. `number` 0 is the idle one."""

    tier: str
    mode: str
    number: int


@dataclass(frozen=True)
class Outcome:
    """What one round said of one program."""

    tier: str
    mode: str
    number: int
    program: str
    verdict: str  # UNJUDGED for a failure of ours
    first_failure: int | None
    detail: str
    cpu_s: float
    wall_s: float
    starved_s: float
    load: float  # the kernel's one-minute average when it ended

    @property
    def round(self) -> Round:
        return Round(self.tier, self.mode, self.number)


def programs_of(asked: argparse.Namespace) -> list[Program]:
    """All programs that were asked for, the long ones first."""
    found = spinning([float(word) for word in asked.cpu.split(",")])
    if asked.more is not None:
        found += recorded(asked.more / "problems.jsonl", asked.more / "completions.jsonl", 1)
    if asked.every:
        found += recorded(asked.data / PROBLEMS, asked.data / PROGRAMS, asked.every)
    return found


def recorded(problems: Path, programs: Path, every: int) -> list[Program]:
    suites = {
        problem.problem_id: Suite(func_name=problem.func_name, tests=problem.tests, answers=problem.answers)
        for problem in read_problems([problems])
    }
    rows = [json.loads(line) for line in programs.read_text().splitlines()][::every]
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


def outcome(program: Program, sandbox: Sandbox, one: Round) -> Outcome:
    judge = JudgeSpec.model_validate({"mode": one.mode})
    where = asdict(one)
    try:
        seen = sandbox.evaluate(program.source, program.suite, judge, default_limits(judge))
    except SandboxError as exc:
        return Outcome(**where, program=program.name, verdict=UNJUDGED, first_failure=None, detail=exc.message,
                       cpu_s=0.0, wall_s=0.0, starved_s=0.0, load=os.getloadavg()[0])  # fmt: skip
    return Outcome(
        **where,
        program=program.name,
        verdict=seen.verdict.value,
        first_failure=seen.first_failure,
        detail=seen.detail,
        cpu_s=seen.cpu_s,
        wall_s=seen.wall_s,
        starved_s=sum(case.starved_s for case in seen.cases),
        load=os.getloadavg()[0],
    )


class Results:
    """The outcomes so far, in memory and in the file."""

    def __init__(self, path: Path | None) -> None:
        self._path, self._lock = path, Lock()
        self.all: list[Outcome] = []
        if path is not None and path.exists():
            self.all = [Outcome(**json.loads(line)) for line in path.read_text().splitlines()]

    def add(self, found: Outcome) -> None:
        with self._lock:
            self.all.append(found)
            if self._path is not None:
                with self._path.open("a") as file:
                    file.write(json.dumps(asdict(found)) + "\n")

    def of(self, one: Round) -> dict[str, Outcome]:
        """The outcomes of one round by program."""
        return {found.program: found for found in self.all if found.round == one}


def grade(programs: Sequence[Program], one: Round, others: int, slots: int, ends: float, results: Results) -> None:
    """Grade what a round lacks, until `ends` on the monotonic clock."""
    known = results.of(one)
    missing = [program for program in programs if program.name not in known]
    if not missing or time.monotonic() > ends:
        return
    with ExitStack() as stack:
        free: SimpleQueue[Sandbox] = SimpleQueue()
        for _ in range(slots):
            free.put(stack.enter_context(open_sandbox(tier=one.tier)))
        stack.enter_context(busy(others))

        def graded(program: Program) -> None:
            if time.monotonic() > ends:
                return
            sandbox = free.get()
            try:
                results.add(outcome(program, sandbox, one))
            finally:
                free.put(sandbox)

        list(stack.enter_context(ThreadPoolExecutor(slots)).map(graded, missing))


def summary(results: Results, rounds: Sequence[Round], programs: Sequence[Program]) -> tuple[list[str], int, int]:
    """Lines for people; how many verdicts differ from the idle round's, and how many outcomes are missing."""
    lines, differing, missing = [], 0, 0
    names = {program.name for program in programs}
    for one in rounds:
        idle = results.of(Round(one.tier, one.mode, 0))
        found = [seen for name, seen in results.of(one).items() if name in names]
        missing += len(programs) - len(found)
        if not found:
            continue
        compared = [(idle[b.program], b) for b in found if b.program in idle]
        judged = [(a, b) for a, b in compared if UNJUDGED not in (a.verdict, b.verdict)]
        odd = [(a, b) for a, b in judged if (a.verdict, a.first_failure) != (b.verdict, b.first_failure)]
        differing += len(odd)
        lines.append(row(one, found, len(programs)) + (f", {len(odd)} verdicts differ" if one.number else ""))
        lines += [difference(a, b) for a, b in odd]
        lines += [f"  {seen.program}: not judged: {seen.detail}" for seen in found if seen.verdict == UNJUDGED]
    return lines, differing, missing


def row(one: Round, found: Sequence[Outcome], total: int) -> str:
    starved = [seen.starved_s for seen in found]
    loads = [seen.load for seen in found]
    kind = f"busy {one.number}" if one.number else "idle"
    unjudged = sum(seen.verdict == UNJUDGED for seen in found)
    return (
        f"{one.tier:8} {one.mode:5} {kind:6}: {len(found)} of {total} programs, load {min(loads):.0f} to "
        f"{max(loads):.0f}, {sum(second > 0.1 for second in starved)} starved, {max(starved):.1f} s at most, "
        f"{unjudged} not judged"
    )


def difference(a: Outcome, b: Outcome) -> str:
    times = f"{b.cpu_s:.2f} s CPU, {b.wall_s:.2f} s wall, {b.starved_s:.2f} s starved"
    before = f"{a.verdict} at {a.first_failure} ({a.cpu_s:.2f} s CPU)"
    return f"  {b.program}: idle {before}, busy {b.verdict} at {b.first_failure} ({times}): {b.detail}"


def main() -> int:
    asked = arguments()
    ends = time.monotonic() + 60 * asked.minutes
    programs, results = programs_of(asked), Results(asked.results)
    rounds = [
        Round(tier, mode, number)
        for tier in asked.tiers.split(",")
        for mode in asked.modes.split(",")
        for number in range(asked.times + 1)
    ]
    for one in rounds:
        others, slots = (asked.busy, asked.slots) if one.number else (0, 1)
        grade(programs, one, others, slots, ends, results)
    lines, differing, missing = summary(results, rounds, programs)
    print("\n".join(lines))
    if missing:
        print(f"{missing} outcomes are missing: start it again with the same --results")
    return 1 if differing else 3 if missing else 0


def arguments() -> argparse.Namespace:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tiers", default="ns,landlock,uid,docker")
    parser.add_argument("--modes", default="lcb,judge")
    parser.add_argument("--busy", type=int, default=8)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--slots", type=int, default=1)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--cpu", default="1,3,5.5")
    parser.add_argument("--more", type=Path)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--results", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
