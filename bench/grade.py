"""The overhead of grading, for farm and for LiveCodeBench's own grader, on the same recorded programs.

    python bench/grade.py --lcb CHECKOUT [--rows 3000] [--processes N] [--data ../shared/data] [--json FILE]

The programs of the sample data are repeated to --rows samples, once without those that time out and once with all of
them, and graded three ways with the same number of processes: by sandbox slots alone, by the command `farm grade` on
its embedded stack, and by `evaluate_generations` of a checkout of LiveCodeBench/LiveCodeBench. Needs numpy.

    own CPU     of a program: the least of three measurements of its child's user and system time, less that of an
                empty program that passes as many tests
    overhead    user and system time of every process that took part, from start to end, less the programs' own CPU
    inside      the programs' own CPU as a share of what the cores of that many processes had to give in that time;
                of the programs that time out, what this very run has recorded (LiveCodeBench records none)
"""

from __future__ import annotations

import argparse
import ctypes
import json
import multiprocessing
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from farm.datasets.reader import read_problems
from farm.judging.open import open_sandbox
from farm.records import JudgeSpec, Limits, Suite, TestCase, Verdict
from farm.sandbox.api import Sandbox
from tests.corpus.lcb.originals import load_grader

ROOT = Path(__file__).resolve().parents[1]
OFFICIAL = JudgeSpec(mode="lcb", variant="official")
LIMITS = Limits()
MEASUREMENTS = 3
PR_SET_CHILD_SUBREAPER = 36
PROBLEMS, PROGRAMS = "lcb_sample_problems.jsonl", "lcb_sample_graded_codes.jsonl"


@dataclass(frozen=True)
class Program:
    """One recorded program, and what calibration found."""

    question_id: str
    code: str
    suite: Suite
    own_s: float = 0.0
    floor_s: float = 0.0  # what the sandbox's own part in its child costs
    times_out: bool = False


Verdicts = list[tuple[bool, int | None]]  # passed, first failing test


@dataclass(frozen=True)
class Graded:
    """What one way of grading said and cost."""

    verdicts: Verdicts
    wall_s: float
    cpu_s: float
    recorded_s: list[float] | None = None  # CPU time of each sample's child, where it is recorded


# --- material -----------------------------------------------------------------------------------


def programs(data: Path) -> list[Program]:
    problems = read_problems([data / PROBLEMS])
    suites = {problem.problem_id: Suite(func_name=problem.func_name, tests=problem.tests) for problem in problems}
    rows = [json.loads(line) for line in (data / PROGRAMS).read_text().splitlines()]
    return [Program(row["question_id"], row["code"], suites[row["question_id"]]) for row in rows]


def calibrated(found: list[Program], tier: str) -> list[Program]:
    """Each program with its own CPU time."""
    with open_sandbox(tier=tier) as sandbox:
        floors: dict[tuple[bool, int], float] = {}
        measured = []
        for program in found:
            evaluation = sandbox.evaluate(program.code, program.suite, OFFICIAL, LIMITS)
            times_out = evaluation.verdict is Verdict.TIME_LIMIT
            least = evaluation.cpu_s
            for _ in range(0 if times_out else MEASUREMENTS - 1):
                least = min(least, sandbox.evaluate(program.code, program.suite, OFFICIAL, LIMITS).cpu_s)
            key = program.suite.func_name is not None, len(evaluation.cases)
            if key not in floors:
                floors[key] = floor(sandbox, *key)
            own = max(0.0, least - floors[key])
            measured.append(Program(program.question_id, program.code, program.suite, own, floors[key], times_out))
    return measured


def floor(sandbox: Sandbox, functional: bool, tests: int) -> float:
    """CPU time of the child of an empty program that passes `tests` tests."""
    code = "def f(x): pass" if functional else "0"
    test = TestCase(input="0", output="null") if functional else TestCase(input="", output="")
    suite = Suite(func_name="f" if functional else None, tests=(test,) * max(tests, 1))
    return min(sandbox.evaluate(code, suite, OFFICIAL, LIMITS).cpu_s for _ in range(10))


def repeated(found: list[Program], count: int) -> list[Program]:
    return [found[place % len(found)] for place in range(count)]


# --- the three ways -----------------------------------------------------------------------------


def measured(grade: Callable[[], tuple[Verdicts, list[float] | None]]) -> Graded:
    """Run `grade`, whose work is done in child processes, and add up what all of them used."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    verdicts, recorded = grade()
    wall_s = time.perf_counter() - begun
    while True:  # orphans come to this process, which is their reaper
        try:
            os.wait()
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Graded(verdicts, wall_s, cpu_s, recorded)


def by_slots(rows: list[Program], processes: int, tier: str) -> Graded:
    """A sandbox in each process, which takes the next row when it is done with one."""
    context = multiprocessing.get_context("fork")

    def grade() -> tuple[Verdicts, list[float]]:
        following, answers = context.Value("i", 0), context.SimpleQueue()
        slots = [context.Process(target=be_a_slot, args=(rows, following, answers, tier)) for _ in range(processes)]
        for slot in slots:
            slot.start()
        found: dict[int, tuple[tuple[bool, int | None], float]] = {}
        for _ in slots:
            found.update(answers.get())
        for slot in slots:
            slot.join()
        return [found[place][0] for place in range(len(rows))], [found[place][1] for place in range(len(rows))]

    return measured(grade)


def be_a_slot(rows: list[Program], following: Any, answers: Any, tier: str) -> None:
    found = {}
    with open_sandbox(tier=tier) as sandbox:
        while True:
            with following.get_lock():
                place, following.value = following.value, following.value + 1
            if place >= len(rows):
                break
            row = rows[place]
            seen = sandbox.evaluate(row.code, row.suite, OFFICIAL, LIMITS)
            found[place] = (seen.verdict is Verdict.PASSED, seen.first_failure), seen.cpu_s
    answers.put(found)


def by_command(rows: list[Program], processes: int, tier: str, data: Path) -> Graded:
    """The command that a user types, its broker, coordinator and workers included."""

    def grade() -> tuple[Verdicts, list[float]]:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            completions, counts, keys = home / "completions.jsonl", dict[str, int](), []
            with completions.open("w") as file:
                for row in rows:
                    name = row.question_id
                    keys.append((name, counts.setdefault(name, 0)))
                    counts[name] += 1
                    print(json.dumps({"question_id": name, "index": keys[-1][1], "code": row.code}), file=file)
            command = [
                sys.executable, "-P", "-m", "farm", "grade", "--dataset", str(data / PROBLEMS), "--completions",
                str(completions), "--protocol", "official", "--judge", "lcb", "--no-cache", "--workers", str(processes),
                "--sandbox", tier, "--out", str(home / "report"),
            ]  # fmt: skip
            environment = {**os.environ, "FARM_HOME": str(home / "home"), "PYTHONPATH": str(ROOT)}
            ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if ran.returncode != 0:
                raise SystemExit(f"farm grade ended with {ran.returncode}: {ran.stderr[-2000:]}")
            samples = map(json.loads, (home / "report" / "samples.jsonl").read_text().splitlines())
            found = {(sample["problem_id"], sample["index"]): sample for sample in samples}
        answers = [found[key] for key in keys]
        return [(a["passed"], a["first_failure"]) for a in answers], [a["cpu_s"] for a in answers]

    return measured(grade)


def by_livecodebench(rows: list[Program], processes: int, checkout: Path) -> Graded:
    def grade() -> tuple[Verdicts, None]:
        with tempfile.TemporaryDirectory() as folder:
            given, said = Path(folder) / "rows.json", Path(folder) / "codes.json"
            given.write_text(json.dumps([[row.code, lcb_sample(row.suite)] for row in rows]))
            command = [sys.executable, __file__, "--as-lcb", str(given), str(said), "--lcb", str(checkout)]
            command += ["--processes", str(processes)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            codes = json.loads(said.read_text())
        return [(all(c > 0 for c in row), next((i for i, c in enumerate(row) if c <= 0), None)) for row in codes], None

    return measured(grade)


def lcb_sample(suite: Suite) -> dict[str, str]:
    """A problem as LiveCodeBench's evaluation takes it."""
    tests = {"inputs": [test.input for test in suite.tests], "outputs": [test.output for test in suite.tests]}
    return {"input_output": json.dumps({**tests, "fn_name": suite.func_name})}


def be_livecodebench(given: Path, said: Path, checkout: Path, processes: int) -> None:
    """The process that `by_livecodebench` starts."""
    grader = load_grader("official", checkout)
    rows = json.loads(given.read_text())
    results, _ = grader.evaluate_generations(
        [sample for _, sample in rows], [[code] for code, _ in rows], num_process_evaluate=processes, timeout=6
    )
    said.write_text(json.dumps([[float(code) for code in results[place][0]] for place in range(len(rows))]))


# --- the table ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One way of grading in numbers."""

    name: str
    samples_per_s: float
    cpu_ms: float  # per sample, all processes
    overhead_ms: float  # per sample
    inside: float  # share of the cores
    other_verdicts: int  # than LiveCodeBench's


def line(name: str, rows: list[Program], graded: Graded, wanted: Verdicts, processes: int) -> Line:
    own = [row.own_s for row in rows]
    if graded.recorded_s is not None:
        for place, row in enumerate(rows):
            if row.times_out:
                own[place] = max(0.0, graded.recorded_s[place] - row.floor_s)
    other = [place for place, (ours, theirs) in enumerate(zip(graded.verdicts, wanted, strict=True)) if ours != theirs]
    for place in other[:10]:
        where = f"{rows[place].question_id}, row {place}"
        print(f"{name}: {where}: {graded.verdicts[place]}, LiveCodeBench {wanted[place]}")
    return Line(
        name,
        samples_per_s=len(rows) / graded.wall_s,
        cpu_ms=graded.cpu_s / len(rows) * 1000,
        overhead_ms=(graded.cpu_s - sum(own)) / len(rows) * 1000,
        inside=sum(own) / (processes * graded.wall_s),
        other_verdicts=len(other),
    )


def show(title: str, lines: list[Line]) -> None:
    theirs = lines[-1]
    print(f"\n{title}")
    print(f"{'':28}{'samples/s':>10}{'x':>7}{'CPU ms':>9}{'overhead ms':>13}{'of theirs':>11}{'inside':>8}{'other':>7}")
    for row in lines:
        share = row.overhead_ms / theirs.overhead_ms if theirs.overhead_ms > 0 else float("nan")
        print(
            f"{row.name:28}{row.samples_per_s:10.1f}{row.samples_per_s / theirs.samples_per_s:7.2f}{row.cpu_ms:9.2f}"
            f"{row.overhead_ms:13.2f}{share:11.1%}{row.inside:8.1%}{row.other_verdicts:7}",
            flush=True,
        )


def machine() -> str:
    kernel = f"{platform.system()} {platform.release()} {platform.machine()}"
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {kernel}, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lcb", type=Path, required=True, metavar="PATH", help="checkout of LiveCodeBench")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="the sample data")
    parser.add_argument("--rows", type=int, default=3000, help="samples in each measurement")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="of each way of grading")
    parser.add_argument("--tier", default="auto", help="sandbox tier (default: the strongest that works)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers here")
    parser.add_argument("--only-fast", action="store_true", help="leave out the measurement with time-outs")
    parser.add_argument("--as-lcb", type=Path, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.as_lcb:
        be_livecodebench(given.as_lcb[0], given.as_lcb[1], given.lcb, given.processes)
        return
    # Orphans become this process' children, and what they used is counted
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise SystemExit("cannot adopt orphans (Linux is needed)")
    started = machine()
    found = calibrated(programs(given.data), given.tier)
    fast = [program for program in found if not program.times_out]
    print(f"{started}; {given.processes} processes each; {len(found)} programs, {len(found) - len(fast)} time out")
    report: dict[str, Any] = {"machine": started, "processes": given.processes}
    sets = {"without time-outs": fast} if given.only_fast else {"without time-outs": fast, "all programs": found}
    for title, chosen in sets.items():
        rows = repeated(chosen, given.rows)
        theirs = by_livecodebench(rows, given.processes, given.lcb)
        ways = {
            "farm, slots alone": by_slots(rows, given.processes, given.tier),
            "farm grade": by_command(rows, given.processes, given.tier, given.data),
            "LiveCodeBench": theirs,
        }
        lines = [line(name, rows, graded, theirs.verdicts, given.processes) for name, graded in ways.items()]
        show(f"{len(rows)} samples, {title}", lines)
        report[title] = [asdict(one) for one in lines]
    if given.json:
        given.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
