"""Grade programs with mode `lcb` and with the original graders, and print every difference.

    python scripts/lcb_differential.py --lcb CHECKOUT [--tt CHECKOUT] [--data ../shared/data] [--made 4000] [--seed 1]

CHECKOUT is a checkout of LiveCodeBench/LiveCodeBench at 28fef95, or of tstescoTT/lm-evaluation-harness at 44e770e8;
both need numpy. The corpus is graded always, the sample data's programs with --data, and --made more are drawn from
the parts in tests/corpus/lcb/material.py and from the sample's programs. Compared are the codes of all tests and the
error code. The originals execute the programs without any protection: use a machine that has nothing to lose.

Ends with status 1 if there is a difference. A difference that is not there when both grade the program again, alone,
was the clock's, and is counted apart.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from farm.datasets.reader import read_problems
from farm.judging.open import open_sandbox
from farm.records import JudgeSpec, Limits, Suite, TestCase
from farm.sandbox.api import Evaluation, Sandbox
from farm.scoring.lcb_codes import to_lcb
from tests.corpus.lcb import material
from tests.corpus.lcb.cases import GOLDEN, load_cases, load_golden
from tests.corpus.lcb.material import Sample
from tests.corpus.lcb.originals import Codes, Original, Variant


@dataclass(frozen=True, slots=True)
class Pair:
    """Two graders' answers to one sample."""

    sample: Sample
    original: Codes
    farm: Codes
    evaluation: Evaluation

    @property
    def same(self) -> bool:
        return (self.original.codes, self.original.error_code) == (self.farm.codes, self.farm.error_code)

    @property
    def same_verdict(self) -> bool:
        """Whether a score, and the first failing test, would be the same."""
        ours, theirs = self.farm, self.original
        return (ours.passed, ours.first_failure) == (theirs.passed, theirs.first_failure)


class Graders:
    """One sandbox and one process of an original grader, for one program at a time."""

    def __init__(self, variant: Variant, checkout: Path, seconds: int, tier: str) -> None:
        self._judge = JudgeSpec(mode="lcb", variant=variant)
        self._limits = Limits(cpu_s=seconds, wall_s=3 * seconds)
        self._seconds = seconds
        self._stack = ExitStack()
        self._sandbox: Sandbox = self._stack.enter_context(open_sandbox(tier=tier))
        self.original = self._stack.enter_context(Original(variant, checkout))

    def grade(self, sample: Sample) -> Pair:
        suite = Suite(func_name=sample.func_name, tests=tuple(TestCase(input=i, output=o) for i, o in sample.tests))
        evaluation = self._sandbox.evaluate(sample.program, suite, self._judge, self._limits)
        written = to_lcb(evaluation.verdict, evaluation.cases, functional=sample.func_name is not None)
        code: Any = written.metadata.get("error_code")
        theirs = self.original.grade(sample.program, sample.tests, sample.func_name, timeout_s=self._seconds)
        return Pair(sample, theirs, Codes(written.results, code), evaluation)

    def close(self) -> None:
        self._stack.close()


def main() -> int:
    given = arguments()
    different = 0
    checkouts: dict[Variant, Path | None] = {
        "official": given.lcb, "official-2025-01": given.lcb_2025_01, "tt": given.tt,
    }  # fmt: skip
    for variant, checkout in checkouts.items():
        if checkout is None:
            continue
        graders = [Graders(variant, checkout, given.seconds, given.tier) for _ in range(given.jobs)]
        try:
            for title, samples in material_of(given):
                different += compare(variant, title, samples, graders)
            if given.record:
                record(variant, graders[0])
        finally:
            for pair in graders:
                pair.close()
    return 1 if different else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lcb", type=Path, metavar="CHECKOUT", help="LiveCodeBench/LiveCodeBench at 28fef95")
    parser.add_argument("--lcb-2025-01", type=Path, metavar="CHECKOUT", help="the same at 15808c7")
    parser.add_argument("--tt", type=Path, metavar="CHECKOUT", help="tstescoTT/lm-evaluation-harness at 44e770e8")
    parser.add_argument("--data", type=Path, metavar="DIR", help="the sample data (lcb_sample_*.jsonl)")
    parser.add_argument("--made", type=int, default=0, metavar="N", help="grade N more programs, drawn")
    parser.add_argument("--seed", type=int, default=1, help="of the drawn programs")
    parser.add_argument("--seconds", type=int, default=6, help="the graders' time limit (shorter for a search)")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="programs at a time")
    parser.add_argument("--tier", default="auto", help="sandbox tier")
    parser.add_argument("--record", action="store_true", help="write the originals' codes to the corpus' golden.json")
    given = parser.parse_args()
    if given.lcb is None and given.lcb_2025_01 is None and given.tt is None:
        parser.error("give a checkout: --lcb, --lcb-2025-01 or --tt")
    return given


def material_of(given: argparse.Namespace) -> Iterator[tuple[str, list[Sample]]]:
    corpus = [case for case in load_cases() if not case.cheat and not case.differs]
    yield "corpus", [Sample(str(case), case.program, case.tests, case.func_name) for case in corpus]
    sampled = list(sample_programs(given.data)) if given.data else []
    if sampled:
        yield "sample data", sampled
    if given.made:
        quarter = given.made // 4
        yield "texts", list(material.texts(quarter, given.seed))
        yield "values", list(material.values(quarter, given.seed))
        yield "assembled", list(material.assembled(quarter, given.seed))
        bases = sampled or [Sample(str(case), case.program, case.tests, case.func_name) for case in corpus]
        yield "rewritten", list(material.rewritten(bases, given.made - 3 * quarter, given.seed))


def sample_programs(folder: Path) -> Iterator[Sample]:
    """The programs of the sample data, each on all tests that its problem has there."""
    problems = {problem.problem_id: problem for problem in read_problems([folder / "lcb_sample_problems.jsonl"])}
    # Three of them are here with all their tests
    problems |= {problem.problem_id: problem for problem in read_problems([folder / "lcb_full3_official_schema.jsonl"])}
    seen = set()
    for name in ("lcb_sample_graded_codes.jsonl", "lcb_sample_completions.jsonl"):
        for number, line in enumerate((folder / name).read_text().splitlines(), start=1):
            row = json.loads(line)
            key = row["question_id"], row["code"]
            if key in seen:
                continue
            seen.add(key)
            problem = problems[row["question_id"]]
            tests = tuple((test.input, test.output) for test in problem.tests)
            yield Sample(f"{name}:{number}", row["code"], tests, problem.func_name)


def compare(variant: str, title: str, samples: list[Sample], graders: list[Graders]) -> int:
    """Grade `samples`, print each difference and a summary; the number of differences that last."""
    free: SimpleQueue[Graders] = SimpleQueue()
    for one in graders:
        free.put(one)
    alone = threading.Lock()

    def grade(sample: Sample) -> tuple[Pair, bool]:
        used = free.get()
        try:
            pair = used.grade(sample)
            if pair.same:
                return pair, False
            with alone:
                again = used.grade(sample)
            return again, again.same
        finally:
            free.put(used)

    of_time = 0
    found = []
    with ThreadPoolExecutor(len(graders)) as executor:
        for pair, passing in executor.map(grade, samples):
            of_time += passing
            if not pair.same:
                found.append(pair)
                show(variant, pair)
    verdicts = sum(not pair.same_verdict for pair in found)
    print(
        f"{variant}, {title}: {len(samples)} programs, {len(found)} differences "
        f"({verdicts} of verdict or first failing test), {of_time} more that a second grading did not repeat",
        flush=True,
    )
    return len(found)


def show(variant: str, pair: Pair) -> None:
    grave = "VERDICT" if not pair.same_verdict else "codes"
    print(f"--- {variant} {pair.sample.name}: {grave} (function {pair.sample.func_name})")
    print(f"    original {_tail(pair.original)} {pair.original.said[:200]!r}")
    print(f"    farm     {_tail(pair.farm)} {pair.evaluation.verdict.value} {pair.evaluation.detail[:200]!r}")
    print(f"    tests {str(pair.sample.tests)[:200]}")
    lines = pair.sample.program.split("\n")
    print("\n".join(f"    | {line[:160]}" for line in lines[:40]), flush=True)


def _tail(codes: Codes) -> str:
    return f"{len(codes.codes)} codes, the last {list(codes.codes[-3:])}, error code {codes.error_code}:"


def record(variant: str, graders: Graders) -> None:
    """Write what the original says of the whole corpus, cheats included."""
    golden = load_golden()
    cases = load_cases()
    for case in cases:
        codes = graders.original.grade(case.program, case.tests, case.func_name)
        golden.setdefault(str(case), {})[variant] = {"codes": list(codes.codes), "error_code": codes.error_code}
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(golden[name])}" for name in map(str, cases))
    GOLDEN.write_text(f"{{\n{rows}\n}}\n")


if __name__ == "__main__":
    sys.exit(main())
