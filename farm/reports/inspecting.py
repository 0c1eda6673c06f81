"""One run, problem or sample as plain text for a terminal. All of a model's passes `printable`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from farm.ids import canonical_json
from farm.records import CaseResult, SampleResult, Verdict
from farm.reports.details import ProblemDetail, SampleDetail
from farm.text import one_line, printable

CUT = 4000  # characters of a text, unless all of it is asked for
EVERYTHING = 1 << 30


def overview(problems: Iterable[ProblemDetail], verdict: str | None) -> Iterator[str]:
    """A line for each problem, or each that has a sample of this verdict."""
    for problem in problems:
        verdicts = [sample.verdict for sample in problem.samples]
        if verdict is not None and verdict not in verdicts:
            continue
        passed = sum(sample.passed for sample in problem.samples)
        cut = sum(sample.truncated for sample in problem.samples)
        first = next((name for name in verdicts if name != Verdict.PASSED.value), Verdict.PASSED.value)
        lucky = sum(not sample.deterministic for sample in problem.samples)
        marks = f", {cut} cut at the token limit" if cut else ""
        marks += f", {lucky} not deterministic" if lucky else ""
        yield (
            f"{one_line(problem.problem_id, 40):24} {passed}/{len(verdicts)}  {first:14} "
            f"{problem.difficulty:8} {problem.contest_date[:10]:10}  {one_line(problem.title, 60)}{marks}"
        )


def problem_text(problem: ProblemDetail, cut: int = CUT) -> str:
    """What is asked, and a line for each sample."""
    parts = [_title(problem)]
    parts.append(_block("Statement", problem.statement or "(not kept by the farm that planned this run)", cut))
    lines = []
    for sample in problem.samples:
        lines.append(f"  {one_line(str(sample.key), 60)}  {sample.verdict}  {_facts(sample)}")
    parts.append("Samples\n" + "\n".join(lines))
    return "\n\n".join(parts) + "\n"


def sample_text(problem: ProblemDetail, sample: SampleDetail, cut: int = CUT) -> str:
    """All of one sample: facts, what was asked and answered, the program, its tests."""
    parts = [f"{_title(problem)}\n{one_line(str(sample.key), 120)}: {sample.verdict}  {_facts(sample)}"]
    if problem.prompt is not None:
        prompt = "\n\n".join(f"[{message.role}] {message.content}" for message in problem.prompt.messages)
        parts.append(_block("Prompt", prompt, cut))
    elif problem.statement:
        parts.append(_block("Statement", problem.statement, cut))
    if sample.reasoning:
        parts.append(_block("Reasoning", sample.reasoning, cut))
    if sample.completion is not None and sample.completion.form == "text":
        parts.append(_block("Answer", sample.text, cut))
    parts.append(_block("Program", sample.program if sample.program is not None else "(no code in the answer)", cut))
    if isinstance(sample.outcome, SampleResult):
        parts.append(_cases(problem, sample.outcome, cut))
    return "\n\n".join(parts) + "\n"


def as_value(problem: ProblemDetail, sample: SampleDetail) -> dict[str, Any]:
    """One sample as JSON: what is recorded, with its texts whole."""
    outcome = sample.outcome
    return {
        "problem_id": problem.problem_id,
        "index": sample.key.index,
        "title": problem.title,
        "statement": problem.statement,
        "prompt": None if problem.prompt is None else problem.prompt.model_dump(mode="json")["messages"],
        "verdict": sample.verdict,
        "result": outcome.model_dump(mode="json") if isinstance(outcome, SampleResult) else {"reason": outcome.reason},
        "completion": None if sample.completion is None else sample.completion.model_dump(mode="json"),
        "telemetry": None if sample.telemetry is None else sample.telemetry.model_dump(mode="json"),
        "text": sample.text,
        "reasoning": sample.reasoning,
        "program": sample.program,
    }


def json_line(value: object) -> str:
    """A value as one line of ASCII JSON, whatever its strings hold."""
    return canonical_json(value).decode()


def pretty_json(value: object) -> str:
    """A value as indented ASCII JSON."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def block(title: str, text: str, cut: int = CUT) -> str:
    """A titled, indented text."""
    return _block(title, text, cut)


def _title(problem: ProblemDetail) -> str:
    about = ", ".join(part for part in (problem.platform, problem.difficulty, problem.contest_date[:10]) if part)
    return f"{one_line(problem.problem_id, 120)}: {one_line(problem.title, 200)} ({one_line(about, 80)})"


def _block(title: str, text: str, cut: int) -> str:
    shown = printable(text.replace("\r\n", "\n"), cut).rstrip("\n")
    return f"{title}\n" + "\n".join(f"  | {line}" for line in shown.split("\n"))


def _facts(sample: SampleDetail) -> str:
    found = []
    outcome, completion, told = sample.outcome, sample.completion, sample.telemetry
    if isinstance(outcome, SampleResult):
        found += [one_line(outcome.detail, 200)] if outcome.detail else []
        found.append(f"{len(outcome.cases)} of {outcome.tests_total} tests ran, CPU {outcome.cpu_s:.3f} s")
        found += [] if outcome.deterministic else [f"not deterministic: {outcome.verdicts_in_words}"]
        found += [f"executed for {one_line(outcome.cached_from, 100)}"] if outcome.cached_from else []
    else:
        found.append(one_line(outcome.reason, 300))
    if completion is not None and completion.usage.completion_tokens is not None:
        found.append(f"{completion.usage.completion_tokens} tokens")
    if completion is not None and completion.thought is not None:
        found.append(completion.thought.in_words)
    if sample.truncated:
        found.append("cut at the token limit: raise --max-tokens")
    if told is not None and told.latency_s:
        found.append(f"answered in {told.latency_s:.2f} s")
    return "; ".join(found)


def _cases(problem: ProblemDetail, outcome: SampleResult, cut: int) -> str:
    rows = [["test", "verdict", "CPU", "wall", "memory", "what happened"]]
    rows += [
        [
            str(case.index), case.verdict.value, f"{case.cpu_s:.3f} s", f"{case.wall_s:.3f} s",
            f"{case.peak_bytes >> 20} MiB", how(case),
        ]
        for case in outcome.cases
    ]  # fmt: skip
    parts = ["Tests\n" + aligned(rows)]
    for case in outcome.cases:
        if case.verdict is not Verdict.PASSED:
            parts.append(case_text(problem, case, cut))
    return "\n\n".join(parts)


def case_text(problem: ProblemDetail, case: CaseResult, cut: int = CUT) -> str:
    """A failed test: what went in, what was expected, what came."""
    given = expected = "(the stored tests are gone)"
    if problem.suite is not None and case.index < len(problem.suite.tests):
        given, expected = problem.suite.tests[case.index].input, problem.suite.tests[case.index].output
    shown = (
        ("input", given), ("expected", expected),
        (f"actual ({case.stdout_bytes} bytes, the first of them kept)", case.stdout_excerpt),
        ("stderr", case.stderr_excerpt),
    )  # fmt: skip
    return "\n".join(_block(f"Test {case.index} {name}", text, cut) for name, text in shown if text)


def how(case: CaseResult) -> str:
    """What ended a test's program, in words."""
    found = [one_line(case.detail, 120)]
    found += [f"exit code {case.exit_code}"] if case.exit_code else []
    found += [f"signal {case.signal}"] if case.signal is not None else []
    found += [f"limit {case.limit}"] if case.limit else []
    found += [f"{case.starved_s:.1f} s without a core"] if case.starved_s >= 0.1 else []
    return ", ".join(part for part in found if part)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows as columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
