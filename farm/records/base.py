"""What all records share: their form, the key of a sample, the verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from farm.ids import DEFAULT_RUNTIME, DIGEST_PATTERN, RUN_ID_PATTERN, canonical_json, sha256_hex

DEFAULT_TOLERANCE = 0.05  # tt-inference-server's EvalTaskScore.tolerance
TIER_NONE = "none"  # the `sandbox` of a result whose program ran unconfined: it may be forged
UNSANDBOXED_LABEL = "UNSANDBOXED"  # shown in place of the verdict of such a result, which enters no score

Digest = Annotated[str, StringConstraints(pattern=DIGEST_PATTERN)]
RunId = Annotated[str, StringConstraints(pattern=RUN_ID_PATTERN)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]


class Record(BaseModel):
    """Base of all records. Read with `model_validate_json`, written with `to_json`."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", validate_default=True)

    def to_json(self) -> bytes:
        """Canonical JSON: equal records give equal bytes."""
        return canonical_json(self.model_dump(mode="json"))

    def record_digest(self) -> str:
        """SHA-256 of `to_json`."""
        return sha256_hex(self.to_json())


@dataclass(frozen=True, slots=True, order=True)
class SampleKey:
    """The n-th attempt of a run at a problem. `str(key)` is `problem_id#index`."""

    problem_id: str
    index: int

    def __str__(self) -> str:
        return f"{self.problem_id}#{self.index}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key that `str` wrote; ValueError if it is none."""
        problem_id, mark, index = text.rpartition("#")
        if not mark or not problem_id or not (index.isascii() and index.isdigit()):
            raise ValueError(f"not a sample key: {text!r} (want PROBLEM#INDEX)")
        return cls(problem_id, int(index))


MAX_INDEX = (1 << 31) - 1  # of a sample: what every database's integer holds


@dataclass(frozen=True, slots=True)
class AllSamples:
    """All samples of a run together: what lm-eval scores. `str(key)` is `*`, which names no sample."""

    def __str__(self) -> str:
        return "*"


ALL_SAMPLES = AllSamples()
WorkKey = SampleKey | AllSamples  # what a job is about


def parse_work_key(text: str) -> WorkKey:
    """The key that `str` wrote; ValueError if it is none."""
    return ALL_SAMPLES if text == str(ALL_SAMPLES) else SampleKey.parse(text)


class Verdict(StrEnum):
    """What became of one program. `Unjudged` is no verdict: it is the farm's own failure."""

    PASSED = "PASSED"
    WRONG_ANSWER = "WRONG_ANSWER"
    RUNTIME_ERROR = "RUNTIME_ERROR"
    TIME_LIMIT = "TIME_LIMIT"
    MEMORY_LIMIT = "MEMORY_LIMIT"
    OUTPUT_LIMIT = "OUTPUT_LIMIT"
    SYNTAX_ERROR = "SYNTAX_ERROR"
    NO_CODE = "NO_CODE"
    SANDBOX_BROKEN = "SANDBOX_BROKEN"  # each attempt broke the sandbox: docs/adr/0023-what-breaks-its-sandbox.md


class Difficulty(StrEnum):
    """LiveCodeBench's three steps; `UNKNOWN` for benchmarks that have none."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"
    UNKNOWN = "unknown"


# Predicates for optional fields: unset, such a field is not written, so that a new one leaves the digests of
# protocols, suites and samplings that do not use it as they are.


def is_none(value: object) -> bool:
    return value is None


def is_false(value: object) -> bool:
    return value is False


def is_empty(value: object) -> bool:
    return value == ()


def is_blank(value: object) -> bool:
    return value == ""


def is_one(value: object) -> bool:
    return value == 1


def is_default_runtime(value: object) -> bool:
    return value == DEFAULT_RUNTIME
