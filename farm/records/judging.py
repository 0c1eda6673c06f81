"""How completions become verdicts: judge mode, comparator, and the runtime that programs find."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from farm.ids import DEFAULT_RUNTIME, RUNTIME_PATTERN
from farm.records.base import Record, is_default_runtime, is_one
from farm.records.fields import Effect, Option, with_changes


def _usual_comparator(given: dict[str, Any]) -> Literal["tokens@1", "lcb-text@1"]:
    return "tokens@1" if given.get("mode") == "judge" else "lcb-text@1"


class JudgeSpec(Record):
    """How completions become verdicts. See docs/protocols.md."""

    mode: Annotated[Literal["judge", "lcb", "asserts"], Option("--judge")] = "judge"
    # Of mode lcb: which original grader. "official-2025-01" is LiveCodeBench's own from January to May 2025
    variant: Literal["official", "official-2025-01", "tt"] = "official"
    comparator: Literal["tokens@1", "lcb-text@1", "strip@1"] = Field(default_factory=_usual_comparator)
    stop: Annotated[Literal["first_failure", "all"], Option("--all-tests")] = "first_failure"
    # What programs find to import: an interpreter and its packages, by the name that workers give it
    runtime: Annotated[str, StringConstraints(pattern=RUNTIME_PATTERN), Option("--program-runtime")] = Field(
        default=DEFAULT_RUNTIME, exclude_if=is_default_runtime
    )
    # The first verdict counts, however many follow: they only show whether it is a matter of luck
    repeats: Annotated[
        int,
        Field(ge=1, le=100),  # all of a sample's are one task of a worker, which has an hour
        Option(
            "--repeats-of-verdict",
            "Judge each program so many times; the report names those whose verdicts differ. The first counts. "
            "Default: 1.",
            "repeats of verdict",
            metavar="N",
            effect=Effect.PRECISION,
        ),
    ] = Field(default=1, exclude_if=is_one)


def verdict_rules(judge: JudgeSpec) -> JudgeSpec:
    """`judge` without what changes no verdict, only how much is known of it: where it stops and how often it judges."""
    return judge.model_copy(update={"stop": "first_failure", "repeats": 1})


def with_chosen_judge(base: JudgeSpec, chosen: JudgeSpec) -> JudgeSpec:
    """`base` with the fields that `chosen` was made with. Another mode has its usual comparator."""
    judge = with_changes(base, chosen)
    if judge.mode == base.mode or "comparator" in chosen.model_fields_set:
        return judge
    return JudgeSpec(**judge.model_dump(exclude={"comparator"}))
