"""The worked example of docs/benchmarks.md works as it is written there."""

from __future__ import annotations

import re
import textwrap
from typing import Any

from farm.datasets import fields, rows
from farm.datasets.formats import Format
from farm.judging.open import open_sandbox
from farm.protocols import Protocol, extract_program, render
from farm.records import Asserts, Difficulty, JudgeSpec, Limits, Problem, Sampling, TestCase, Verdict
from tests.support.data import ROOT

DOCUMENT = ROOT / "docs" / "benchmarks.md"


def test_the_benchmark_that_the_document_adds() -> None:
    text = DOCUMENT.read_text(encoding="utf-8").partition("## A new benchmark, worked")[2]
    names: dict[str, Any] = {**vars(fields), **vars(rows)}
    for known in (Asserts, Difficulty, Problem, TestCase, Protocol, Sampling, JudgeSpec, Format):
        names[known.__name__] = known
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(textwrap.dedent(block), names)
    row = eval(re.search(r"rows `(\{.*?\})`", text)[1])  # type: ignore[index]
    problem, protocol = names["problem_of"](row, "all"), names["EVENS"]
    assert names["header_of"](row).problem_id == problem.problem_id == "evens/7"
    assert render(protocol, problem).messages[-1].content.endswith(f"It must pass:\n{row['checks'][0]}\n")
    with open_sandbox() as sandbox:
        found = []
        for body in ("[v for v in values if v % 2 == 0]", "values"):
            program = extract_program(protocol, f"So:\n```python\ndef evens(values):\n    return {body}\n```\n")
            found.append(sandbox.evaluate(program, problem.suite(), protocol.judge, Limits()).verdict)
    assert found == [Verdict.PASSED, Verdict.WRONG_ANSWER]
