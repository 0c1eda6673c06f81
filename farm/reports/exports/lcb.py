"""LiveCodeBench's own three files: `<scenario>_<n>_<temperature>.json`, `..._eval.json`, `..._eval_all.json`.

The layout of lcb_runner at 28fef95 (`runner/main.py`, `benchmarks/code_generation.py`), so that its
`compute_scores.py` and its viewers read a run of farm.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from farm.records import RunSpec, SampleResult
from farm.reports.details import ProblemDetail, SampleDetail
from farm.scoring.extract import GIVEN_AS_CODE
from farm.scoring.lcb_codes import to_lcb
from farm.scoring.report import Report

CODE_GENERATION = "codegeneration"
SCENARIOS = {  # by protocol: its scenario, and what the end of a file's name says of it
    "self-repair": ("selfrepair", ""),
    "test-output": ("testoutputprediction", ""),
    "execution": ("codeexecution", ""),
    "execution-cot": ("codeexecution", "_cot"),
}


def file_stem(spec: RunSpec) -> str:
    """`Scenario.codegeneration_10_0.2`, as its path_utils make it of the options; the temperature of answers that came
    from a file is `unknown`."""
    scenario, ending = SCENARIOS.get(spec.protocol.partition("@")[0], (CODE_GENERATION, ""))
    temperature = "unknown" if spec.kind == "grade" else spec.sampling.temperature or 0.0
    return f"Scenario.{scenario}_{spec.sampling.n}_{temperature}{ending}"


def instance(problem: ProblemDetail) -> dict[str, Any]:
    """A problem of the first file: what was asked, answered and extracted."""
    given = [sample.given_as_code for sample in problem.samples]
    return {
        "question_title": problem.title,
        "question_content": problem.statement,
        "platform": problem.platform,
        "question_id": problem.problem_id,
        "contest_id": "",
        "contest_date": problem.contest_date or "1970-01-01T00:00:00",  # its readers parse a date
        "starter_code": "",
        "difficulty": problem.difficulty,
        "output_list": [sample.text for sample in problem.samples],
        "code_list": [sample.program or "" for sample in problem.samples],
        **({GIVEN_AS_CODE: given} if any(given) else {}),
    }


def graded(problem: ProblemDetail) -> dict[str, Any]:
    """A problem of the third file. ValueError if a sample has no verdict: the format knows no such thing."""
    passed = [_judged(sample).passed for sample in problem.samples]
    metadata = [json.dumps(dict(_codes(problem, sample).metadata)) for sample in problem.samples]
    return {**instance(problem), "graded_list": passed, "pass@1": sum(passed) / len(passed), "metadata": metadata}


def evaluation(report: Report, problems: Sequence[ProblemDetail]) -> list[Any]:
    """The second file: metrics, codes of each test by problem, metadata of each sample."""
    detail = {
        f"pass@{score.k}": {str(number): _share(problem, score.k) for number, problem in enumerate(problems)}
        for score in report.pass_at_k
    }
    metrics = {**{f"pass@{score.k}": score.score for score in report.pass_at_k}, "detail": detail}
    codes = [[_codes(problem, sample) for sample in problem.samples] for problem in problems]
    results = {str(i): [list(one.results) for one in row] for i, row in enumerate(codes)}
    return [metrics, results, [[json.dumps(dict(one.metadata)) for one in row] for row in codes]]


def _share(problem: ProblemDetail, k: int) -> float:
    from farm.scoring.passk import pass_at_k

    return float(pass_at_k(len(problem.samples), sum(sample.passed for sample in problem.samples), k))


def _codes(problem: ProblemDetail, sample: SampleDetail) -> Any:
    outcome = _judged(sample)
    functional = problem.suite is not None and problem.suite.func_name is not None
    return to_lcb(outcome.verdict, outcome.cases, functional=functional)


def _judged(sample: SampleDetail) -> SampleResult:
    if not isinstance(sample.outcome, SampleResult):
        raise ValueError(f"{sample.key} has no verdict")
    return sample.outcome
