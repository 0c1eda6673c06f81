"""Runs to report on, built from the real records."""

from __future__ import annotations

from collections.abc import Sequence

from farm.records import (
    DatasetRef,
    Difficulty,
    JudgeSpec,
    Limits,
    Reference,
    RunSpec,
    SampleKey,
    Sampling,
    ServedModel,
    Verdict,
)
from farm.scoring.aggregate import ProblemFacts, SampleFacts, aggregate
from farm.scoring.report import Counters, Report, Timing

HOSTILE = (
    "<script>alert(1)</script>|`x`|[b](javascript:0)\x1b[31m\u202e\x00 @team https://evil.example [red]x[/red] :smile:"
)
GPU = Reference(
    label="gpu_reference", score=13.93, source="https://example.org/issues/311#issuecomment-2991859987",
    problems=1055, hits=147,
)  # fmt: skip
PUBLISHED = Reference(label="published", score=5.4, source="seed document")


def spec(
    problems: int,
    n: int = 1,
    ks: tuple[int, ...] = (1,),
    kind: str = "evaluate",
    references: tuple[Reference, ...] = (),
    model: ServedModel | None = None,
    **changes: object,
) -> RunSpec:
    served = model or ServedModel(name="Llama-3.2-3B-Instruct", repo="meta-llama/Llama-3.2-3B-Instruct", device="n300")
    base = RunSpec(
        kind="grade" if kind == "grade" else "evaluate",
        eval_task="livecodebench",
        model=None if kind == "grade" else served,
        servers=() if kind == "grade" else ("http://127.0.0.1:8000/v1",),
        protocol="tt@1",
        protocol_digest="1" * 64,
        judge=JudgeSpec(),
        sampling=Sampling(n=n),
        limits=Limits(),
        dataset=DatasetRef(name="lcb", source="/data/lcb.jsonl", digest="2" * 64, problems=problems),
        ks=ks,
        references=references,
    )
    return base.model_copy(update=changes)


def problem(number: int) -> ProblemFacts:
    return ProblemFacts(
        problem_id=f"p{number}",
        difficulty=list(Difficulty)[number % 3],
        platform=("leetcode", "atcoder")[number % 2],
        contest_date=f"2024-{number % 4 + 1:02d}-05T00:00:00",
    )


def sample(number: int, index: int = 0, passed: bool = True, **facts: object) -> SampleFacts:
    verdict = Verdict.PASSED if passed else Verdict.WRONG_ANSWER
    values = {"verdict": verdict, "finish_reason": "stop", "sandbox": "landlock", **facts}
    return SampleFacts(SampleKey(f"p{number}", index), **values)  # type: ignore[arg-type]


def grid(passes: Sequence[Sequence[bool]]) -> list[SampleFacts]:
    return [sample(i, j, passed) for i, row in enumerate(passes) for j, passed in enumerate(row)]


def report(
    passes: Sequence[Sequence[bool]],
    run_spec: RunSpec | None = None,
    counters: Counters | None = None,
    timing: Timing | None = None,
    run_id: str = "20260101-000000-run-abcdef",
) -> Report:
    n = len(passes[0])
    return aggregate(
        run_id,
        run_spec or spec(len(passes), n=n, ks=tuple(sorted({1, n}))),
        [problem(i) for i in range(len(passes))],
        grid(passes),
        counters,
        timing,
    )


def solved(hits: int, problems: int) -> list[list[bool]]:
    """One sample each, of which `hits` passed."""
    return [[i < hits] for i in range(problems)]
