"""One problem of a page: what its row opens, as compressed JSON with a bound on its size.

A run of 1,055 problems and ten samples holds 100 MB of text; a page must stay one that a browser opens at
once. So each problem has a share of the page's bytes, texts are cut as little as that share allows, and
what was cut says so where it is shown.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from farm.records import CaseResult, SampleResult
from farm.reports.details import ProblemDetail, SampleDetail
from farm.text import printable

PAGE_BYTES = 8 << 20  # of all problems together, in base64


class Caps(NamedTuple):
    """The most that is embedded: characters of an answer, of a test's text; samples of a problem."""

    answer: int
    case: int
    samples: int


LEVELS = (
    Caps(200_000, 4000, 1000), Caps(40_000, 2000, 500), Caps(12_000, 1000, 200), Caps(5000, 600, 100),
    Caps(2000, 400, 50), Caps(800, 200, 20), Caps(200, 100, 10),
)  # fmt: skip


class Chunk(NamedTuple):
    """A problem as the page holds it, and whether anything of it was cut for the page's size."""

    data: str
    cut: bool


class Embedder:
    """Makes the chunks of one page, whose problems share `budget` bytes; what one leaves the next ones may use."""

    def __init__(self, problems: int, budget: int = PAGE_BYTES) -> None:
        self._left, self._problems = budget, problems
        self._level = 0  # that the last problem needed: the next one is like it

    def chunk(self, problem: ProblemDetail) -> Chunk:
        """The problem at the widest caps that its share allows; at the narrowest whatever it takes."""
        share = self._left // max(1, self._problems)
        for level in range(max(0, self._level - 1), len(LEVELS)):
            data = base64.b64encode(zlib.compress(_json(problem, LEVELS[level]), 6)).decode()
            if len(data) <= share:
                break
        self._level = level
        self._left -= len(data)
        self._problems -= 1
        return Chunk(data, _longer(problem, LEVELS[level]))


def _longer(problem: ProblemDetail, caps: Caps) -> bool:
    texts = (len(text) for sample in problem.samples for text in (sample.text, sample.reasoning))
    return len(problem.samples) > caps.samples or max(texts, default=0) > caps.answer


def _json(problem: ProblemDetail, caps: Caps) -> bytes:
    shown = problem.samples[: caps.samples]
    wanted = {case.index for sample in shown for case in _told(sample)} | {0}
    value: dict[str, Any] = {
        "id": problem.problem_id,
        "statement": printable(problem.statement or _asked(problem), max(caps.answer, 4000)),
        "tests": problem.tests,
        "cases": _tests(problem, sorted(wanted), caps),
        "samples": [_sample(sample, caps) for sample in shown],
        "more": len(problem.samples) - len(shown),
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _asked(problem: ProblemDetail) -> str:
    """The prompt, where no statement is kept."""
    return "" if problem.prompt is None else "\n\n".join(message.content for message in problem.prompt.messages)


def _tests(problem: ProblemDetail, wanted: Sequence[int], caps: Caps) -> dict[str, Any]:
    tests = () if problem.suite is None else problem.suite.tests
    return {
        str(index): [printable(tests[index].input, caps.case), printable(tests[index].output, caps.case)]
        for index in wanted
        if index < len(tests)
    }


def _told(sample: SampleDetail) -> tuple[CaseResult, ...]:
    """The cases that are told in full: all that failed."""
    if not isinstance(sample.outcome, SampleResult):
        return ()
    return tuple(case for case in sample.outcome.cases if case.verdict.value != "PASSED")[:5]


def _sample(sample: SampleDetail, caps: Caps) -> dict[str, Any]:
    found: dict[str, Any] = {"i": sample.key.index, "v": sample.verdict}
    outcome = sample.outcome
    if isinstance(outcome, SampleResult):
        told = {case.index for case in _told(sample)}
        found["cases"] = [_case(case, caps, full=case.index in told) for case in outcome.cases]
        found["facts"] = [
            *((["detail", printable(outcome.detail, 300)],) if outcome.detail else ()),
            ["CPU", f"{outcome.cpu_s:.3f} s"],
            ["wall", f"{outcome.wall_s:.3f} s"],
            ["sandbox", printable(outcome.sandbox, 80)],
            *(() if outcome.deterministic else (["not deterministic", printable(outcome.verdicts_in_words, 500)],)),
            *((["executed for", printable(outcome.cached_from, 120)],) if outcome.cached_from else ()),
        ]
    else:
        found["facts"] = [["not judged", printable(outcome.reason, 500)]]
    found["facts"] += _answer_facts(sample)
    for name, text in (("text", sample.text), ("reasoning", sample.reasoning), ("program", sample.program)):
        # A program that came as such is the answer itself
        if text and not (name == "program" and text == sample.text):
            found[name] = printable(text, caps.answer)
    return found


def _answer_facts(sample: SampleDetail) -> list[list[str]]:
    completion, told = sample.completion, sample.telemetry
    if completion is None:
        return [["answer", "none is recorded"]]
    facts: list[list[str]] = []
    if completion.finish_reason:
        facts.append(["finish reason", printable(completion.finish_reason, 40)])
    if completion.thought is not None:
        facts.append(["reasoning", printable(completion.thought.in_words.removeprefix("reasoned "), 120)])
    if completion.usage.completion_tokens is not None:
        facts.append(["tokens", f"{completion.usage.prompt_tokens} in, {completion.usage.completion_tokens} out"])
    if completion.seed is not None:
        facts.append(["seed", str(completion.seed)])
    if told is not None and told.latency_s:
        first = "" if told.ttft_s is None else f", first token {told.ttft_s:.2f} s"
        facts.append(["latency", f"{told.latency_s:.2f} s{first}"])
    return facts


def _case(case: CaseResult, caps: Caps, *, full: bool) -> list[Any]:
    """Short: index, verdict, seconds and bytes. In full also what happened and what the program wrote."""
    short = [case.index, case.verdict.value, round(case.cpu_s, 3), round(case.wall_s, 3), case.peak_bytes]
    if not full:
        return short
    how = [
        printable(case.detail, 300),
        f"exit code {case.exit_code}" if case.exit_code is not None else "",
        f"signal {case.signal}" if case.signal is not None else "",
        f"limit: {case.limit}" if case.limit else "",
        "output cut at its cap" if case.truncated else "",
        f"{case.starved_s:.1f} s without a core" if case.starved_s >= 0.1 else "",
    ]
    return [
        *short,
        ", ".join(part for part in how if part),
        printable(case.stdout_excerpt, caps.case),
        printable(case.stderr_excerpt, caps.case),
        case.stdout_bytes,
    ]
