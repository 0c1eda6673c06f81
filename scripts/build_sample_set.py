"""Makes the bundled sample set: sources and reference solutions -> farm/benchmarks/sample/problems.jsonl.

    python scripts/build_sample_set.py           writes the file
    python scripts/build_sample_set.py --check   fails if the file is not what the sources make

Public outputs are written by hand and must be what the reference prints; private ones are what it
prints. Where a source has small random inputs, each `time_limit_*` solution (right, but slow) must agree
with the reference on them, so that two independent programs vouch for each hard problem.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import pickle
import sys
import zlib
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from sample_set.easy import EASY  # noqa: E402
from sample_set.hard import HARD  # noqa: E402
from sample_set.medium import MEDIUM  # noqa: E402
from sample_set.source import Source  # noqa: E402
from sample_set.trivial import TRIVIAL  # noqa: E402

from farm.benchmarks.livecodebench.rows import problem_of  # noqa: E402
from farm.datasets.reader import read_problems  # noqa: E402

SOURCES: tuple[Source, ...] = (*TRIVIAL, *EASY, *MEDIUM, *HARD)
SAMPLE = ROOT / "farm" / "benchmarks" / "sample"
SEED = 20260105


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, fail if the file is out of date")
    check = parser.parse_args().check
    text = "".join(row(source) + "\n" for source in SOURCES)
    target = SAMPLE / "problems.jsonl"
    if not check:
        target.write_text(text, encoding="utf-8")
        print(f"{target.relative_to(ROOT)}: {len(SOURCES)} problems, {len(text) / 1e6:.2f} MB")
        return 0
    # Compared as decoded: zlib's versions compress the same text differently.
    made = [problem_of(json.loads(line)) for line in text.splitlines()]
    if not target.exists() or list(read_problems(target)) != made:
        print(f"{target.relative_to(ROOT)} is not what its sources make: run python scripts/build_sample_set.py")
        return 1
    return 0


def row(source: Source) -> str:
    """One line of the dataset, in LiveCodeBench's schema."""
    reference = solution(source, "reference")
    for given, wanted in source.public:
        printed = run(source, reference, given)
        if printed.strip() != wanted.strip():
            raise SystemExit(f"{source.problem_id}: the reference gives {printed!r} for {given!r}, wanted {wanted!r}")
    cross_check(source, reference)
    random = Random(f"{SEED} {source.problem_id}")
    private = [test(source, given, run(source, reference, given)) for given in source.private(random)]
    return json.dumps(
        {
            "question_title": source.title,
            "question_content": source.statement,
            "platform": "farm",
            "question_id": source.problem_id,
            "contest_id": f"farm-{source.date[:7]}",
            "contest_date": f"{source.date}T00:00:00",
            "starter_code": source.starter_code,
            "difficulty": source.difficulty,
            "public_test_cases": json.dumps([test(source, *pair) for pair in source.public]),
            "private_test_cases": pack(json.dumps(private)) if source.packed else json.dumps(private),
            "metadata": json.dumps({"func_name": source.func_name} if source.func_name else {}),
        }
    )


def cross_check(source: Source, reference: str) -> None:
    """Compares the reference with the slow solutions on small random inputs."""
    slow = sorted(path.stem for path in (SAMPLE / "solutions" / source.problem_id).glob("time_limit_*.py"))
    for name in slow:
        program = solution(source, name)
        for given in source.small(Random(f"{SEED} small {source.problem_id}")):
            if run(source, program, given).strip() != run(source, reference, given).strip():
                raise SystemExit(f"{source.problem_id}: reference and {name} differ on {given!r}")


def solution(source: Source, name: str) -> str:
    return (SAMPLE / "solutions" / source.problem_id / f"{name}.py").read_text(encoding="utf-8")


def test(source: Source, given: str, wanted: str) -> dict[str, str]:
    return {"input": given, "output": wanted, "testtype": "functional" if source.func_name else "stdin"}


def run(source: Source, program: str, given: str) -> str:
    """What one of our own programs answers. Not for programs of anybody else: they run in this process."""
    names: dict[str, object] = {"__name__": "__main__"}
    if source.func_name is not None:
        exec(program, names)
        method = getattr(names["Solution"](), source.func_name)  # type: ignore[operator]
        return json.dumps(method(*(json.loads(line) for line in given.split("\n"))), ensure_ascii=False)
    before = sys.stdin, sys.stdout
    sys.stdin, sys.stdout = io.StringIO(given), io.StringIO()
    try:
        exec(program, names)
        return sys.stdout.getvalue()
    finally:
        sys.stdin, sys.stdout = before


def pack(text: str) -> str:
    """LiveCodeBench's form of private tests: base64(zlib(pickle(JSON text)))."""
    return base64.b64encode(zlib.compress(pickle.dumps(text, protocol=4), 9)).decode()


if __name__ == "__main__":
    sys.exit(main())
