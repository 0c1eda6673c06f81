"""Debug artefacts of samples as files: what was asked and answered, the program, its tests, results and times."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from farm.records import SampleResult
from farm.reports.details import ProblemDetail, SampleDetail
from farm.reports.inspecting import as_value, pretty_json
from farm.reports.write import durable
from farm.text import encode, encode_input


def write_artefacts(problem: ProblemDetail, sample: SampleDetail, directory: Path, trace: str = "") -> Path:
    """Writes a folder of one sample below `directory` and returns it. Texts are byte for byte as they came.

    Files: completion.txt and reasoning.txt (the generation), program.py, prompt.json, statement.md, results.json
    (each test's result), timing.json, tests/N.in and N.expected of the tests that ran, trace.txt if there is one.
    ConfigError if that place cannot be written.
    """
    folder = directory / safe_name(problem.problem_id) / str(sample.key.index)
    value = as_value(problem, sample)
    files = {
        "statement.md": encode(problem.statement),
        "prompt.json": pretty_json(value["prompt"]).encode(),
        "completion.txt": encode(sample.text),
        "results.json": pretty_json(value["result"]).encode(),
        "timing.json": pretty_json(_timing(sample)).encode(),
    }
    if sample.reasoning:
        files["reasoning.txt"] = encode(sample.reasoning)
    if sample.program is not None:
        files["program.py"] = encode(sample.program)
    if trace:
        files["trace.txt"] = trace.encode("utf-8", "backslashreplace")
    ran = [case.index for case in sample.outcome.cases] if isinstance(sample.outcome, SampleResult) else []
    for index in ran:
        if problem.suite is not None and index < len(problem.suite.tests):
            test = problem.suite.tests[index]
            files[f"tests/{index}.in"] = encode_input(test.input)
            files[f"tests/{index}.expected"] = encode_input(test.output)
    for name, data in files.items():
        with durable(folder / name) as file:
            file.write(data)
    return folder


def safe_name(problem_id: str) -> str:
    """A file name of a problem's id: ids may hold slashes and dots."""
    return quote(problem_id, safe="").replace(".", "%2E")


def _timing(sample: SampleDetail) -> dict[str, object]:
    outcome, told = sample.outcome, sample.telemetry
    tests = (
        [{"test": c.index, "cpu_s": c.cpu_s, "wall_s": c.wall_s, "peak_bytes": c.peak_bytes} for c in outcome.cases]
        if isinstance(outcome, SampleResult)
        else []
    )
    return {
        "latency_s": None if told is None else told.latency_s,
        "ttft_s": None if told is None else told.ttft_s,
        "requests": None if told is None else told.requests,
        "finished_at": None if told is None else told.finished_at,
        "tests": tests,
    }
