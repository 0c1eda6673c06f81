"""Grade the corpus with the original graders and print every difference from what is recorded.

    python -m tests.corpus.lcb.compare_with_originals --lcb CHECKOUT [--tt CHECKOUT] [--record]

CHECKOUT is a checkout of LiveCodeBench/LiveCodeBench at 28fef95, or of tstescoTT/lm-evaluation-harness
at 44e770e8. The originals execute the programs, cheats included, without any protection: use a machine
that has nothing to lose. `--record` writes golden.json. Needs numpy and, for LiveCodeBench, tqdm.
Ends with status 1 if there is a difference.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import types
from pathlib import Path
from typing import Any

from tests.corpus.lcb.cases import GOLDEN, Case, load_cases, load_golden

_PLACES = {
    "official": ("lcb_runner.evaluation", "lcb_runner/evaluation", "compute_code_generation_metrics"),
    "tt": ("lm_eval.tasks.livecodebench", "lm_eval/tasks/livecodebench", "utils"),
}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lcb", type=Path)
    parser.add_argument("--tt", type=Path)
    parser.add_argument("--record", action="store_true")
    given = parser.parse_args()
    sys.argv[1:] = []  # programs that read files named as arguments find none, as under farm
    cases = load_cases()
    golden = load_golden() if GOLDEN.exists() else {}
    differences = 0
    # tt first: importing the official grader raises the interpreter's limit on digits for good
    for variant, checkout in (("tt", given.tt), ("official", given.lcb)):
        if checkout is None:
            continue
        for case, codes in zip(cases, _grade(variant, checkout, cases), strict=True):
            recorded = golden.setdefault(str(case), {}).get(variant)
            if recorded != codes:
                differences += 1
                print(f"{case} {variant}: recorded {recorded}, the original says {codes}")
            golden[str(case)][variant] = codes
    if given.record:
        rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(golden[name])}" for name in map(str, cases))
        GOLDEN.write_text(f"{{\n{rows}\n}}\n")
    return 1 if differences and not given.record else 0


def _grade(variant: str, checkout: Path, cases: list[Case]) -> list[dict[str, Any]]:
    package, folder, module = _PLACES[variant]
    _register(package, checkout / folder)
    grader = importlib.import_module(f"{package}.{module}")
    return [_grade_one(grader, case) for case in cases]


def _grade_one(grader: Any, case: Case) -> dict[str, Any]:
    sample = {
        "inputs": [test[0] for test in case.tests],
        "outputs": [test[1] for test in case.tests],
        "fn_name": case.func_name,
    }
    try:
        results, metadata = grader.evaluate_generations(
            [{"input_output": json.dumps(sample)}], [[case.program]], num_process_evaluate=1, timeout=6
        )
    except Exception as error:
        if not case.cheat:
            raise
        return {"codes": [], "error_code": None, "grader": type(error).__name__}  # the cheat broke it
    return {"codes": list(results[0][0]), "error_code": _error_code(results[0][0], metadata[0][0])}


def _error_code(codes: list[Any], metadata: dict[str, Any]) -> int | None:
    """-5 for a lost list; tt writes no code for it, but only a lost list has empty metadata."""
    if all(code > 0 for code in codes):
        return None
    code = metadata.get("error_code")
    return -5 if code is None and not metadata else code


def _register(package: str, folder: Path) -> None:
    """The checkout's folder as a package, without executing the packages around it."""
    parts = package.split(".")
    for depth in range(1, len(parts) + 1):
        name = ".".join(parts[:depth])
        shell = types.ModuleType(name)
        shell.__path__ = [str(folder)] if depth == len(parts) else []
        sys.modules[name] = shell


if __name__ == "__main__":
    sys.exit(main())
