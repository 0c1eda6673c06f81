"""Judge the QuixBugs programs: the correct ones must pass, the buggy ones must fail, and all must end.

    python scripts/quixbugs.py --checkout DIR [--seconds 6] [--tier auto]

DIR is a checkout of jkoppel/QuixBugs. Programs with JSON test cases are judged in mode `judge` on all their tests;
those on graphs and linked lists have none, and are listed as not covered. A correct program may run out of time on the
tests that QuixBugs itself calls slow. Ends with status 1 if a verdict is not as it must be.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from farm.judging.open import open_sandbox
from farm.records import JudgeSpec, Limits, Suite, TestCase, Verdict
from farm.sandbox.api import Evaluation

# Some programs are generators, which their own tests turn into lists
ANSWER = """

def farm_answer(*given):
    result = {name}(*given)
    return list(result) if hasattr(result, "__next__") else result
"""
# sqrt takes a tolerance: in steps of four times it, both sides are exact
ROUNDED = """

def farm_answer(x, epsilon):
    return round({name}(x, epsilon) / (4 * epsilon))
"""
# Tests that QuixBugs' own suite leaves out unless it is asked for slow ones (python_testcases/test_*.py)
SLOW = {"knapsack": {9}, "levenshtein": {3}}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--checkout", type=Path, required=True, metavar="DIR", help="checkout of jkoppel/QuixBugs")
    parser.add_argument("--seconds", type=float, default=6.0, help="CPU limit per test")
    parser.add_argument("--tier", default="auto", help="sandbox tier")
    given = parser.parse_args()
    limits = Limits(cpu_s=given.seconds, wall_s=3 * given.seconds)
    names = sorted(path.stem for path in (given.checkout / "python_programs").glob("*.py"))
    names = [name for name in names if name != "node" and not name.endswith("_test")]
    covered = [name for name in names if (given.checkout / "json_testcases" / f"{name}.json").exists()]
    unexpected = 0
    print(f"{'program':28}{'tests':>6}  {'correct':28}{'buggy':28}")
    with open_sandbox(tier=given.tier) as sandbox:
        for name in covered:
            suite = read_suite(given.checkout, name)
            said = []
            for kind, folder in (("correct", "correct_python_programs"), ("buggy", "python_programs")):
                program = (given.checkout / folder / f"{name}.py").read_text()
                program += (ROUNDED if name == "sqrt" else ANSWER).format(name=name)
                stop: Literal["all", "first_failure"] = "all" if kind == "correct" else "first_failure"
                result = sandbox.evaluate(program, suite, JudgeSpec(stop=stop), limits)
                said.append(short(result))
                if only_slow(result, name) if kind == "buggy" else not (passed(result) or only_slow(result, name)):
                    unexpected += 1
                    said[-1] += " UNEXPECTED"
                elif kind == "correct" and not passed(result):
                    said[-1] += ", a slow one"
            print(f"{name:28}{len(suite.tests):>6}  {said[0]:28}{said[1]:28}", flush=True)
    print(f"\n{len(covered)} pairs judged, {unexpected} unexpected verdicts")
    print("not covered, no JSON test cases: " + ", ".join(name for name in names if name not in covered))
    return 1 if unexpected else 0


def read_suite(checkout: Path, name: str) -> Suite:
    tests = []
    for line in (checkout / "json_testcases" / f"{name}.json").read_text().splitlines():
        if line.strip():
            arguments, expected = json.loads(line)
            arguments = arguments if isinstance(arguments, list) else [arguments]
            if name == "sqrt":
                expected = round(expected / (4 * arguments[-1]))
            lines = "\n".join(json.dumps(argument) for argument in arguments)
            tests.append(TestCase(input=lines, output=json.dumps(expected)))
    return Suite(func_name="farm_answer", tests=tuple(tests))


def passed(result: Evaluation) -> bool:
    return result.verdict is Verdict.PASSED


def only_slow(result: Evaluation, name: str) -> bool:
    """Whether nothing but slow tests failed, for want of time."""
    failed = [case for case in result.cases if case.verdict is not Verdict.PASSED]
    return all(case.verdict is Verdict.TIME_LIMIT and case.index in SLOW.get(name, ()) for case in failed)


def short(result: Evaluation) -> str:
    where = "" if result.first_failure is None else f" at test {result.first_failure}"
    return f"{result.verdict.value}{where}"


if __name__ == "__main__":
    sys.exit(main())
