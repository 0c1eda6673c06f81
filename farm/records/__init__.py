"""The records that travel down the line, from a run's specification to its report.

    RunSpec -> Problem(TestCase...) -> SampleKey -> Completion -> Program -> CaseResult... -> SampleResult -> Report

All are frozen, strict and closed (an unknown field is an error), and the stored ones carry a schema
version. Times, hosts and attempts are telemetry: they live in fields that no digest covers, so two
deliveries of the same work compare equal. Texts of a model or a program are never fields of a
record: they may hold what JSON cannot (lone surrogates), so records name them by SHA-256 and the
bytes travel as blobs (`farm.text.encode`).
"""

from __future__ import annotations

from farm.records.base import (
    ALL_SAMPLES,
    DEFAULT_TOLERANCE,
    TIER_NONE,
    UNSANDBOXED_LABEL,
    AllSamples,
    Count,
    Difficulty,
    Digest,
    Record,
    RunId,
    SampleKey,
    Seconds,
    Verdict,
    WorkKey,
    parse_work_key,
)
from farm.records.driving import DriveOptions
from farm.records.judging import JudgeSpec
from farm.records.limits import Limits, default_limits
from farm.records.problems import (
    AnswerRule,
    Asserts,
    Problem,
    Suite,
    TestCase,
)
from farm.records.protocol import (
    Extraction,
    Protocol,
    Shot,
)
from farm.records.results import (
    CaseResult,
    Completion,
    GenerateTelemetry,
    SampleResult,
    StoredCompletion,
    Thought,
    Usage,
    VerdictCount,
)
from farm.records.runs import (
    BadRow,
    Build,
    DatasetRef,
    HarnessRef,
    Reference,
    RegradedFrom,
    Repairs,
    RunSpec,
    ServedModel,
)
from farm.records.sampling import Message, Prompt, Sampling

__all__ = [
    "ALL_SAMPLES",
    "DEFAULT_TOLERANCE",
    "TIER_NONE",
    "UNSANDBOXED_LABEL",
    "AllSamples",
    "AnswerRule",
    "Asserts",
    "BadRow",
    "Build",
    "CaseResult",
    "Completion",
    "Count",
    "DatasetRef",
    "Difficulty",
    "Digest",
    "DriveOptions",
    "Extraction",
    "GenerateTelemetry",
    "HarnessRef",
    "JudgeSpec",
    "Limits",
    "Message",
    "Problem",
    "Prompt",
    "Protocol",
    "Record",
    "Reference",
    "RegradedFrom",
    "Repairs",
    "RunId",
    "RunSpec",
    "SampleKey",
    "SampleResult",
    "Sampling",
    "Seconds",
    "ServedModel",
    "Shot",
    "StoredCompletion",
    "Suite",
    "TestCase",
    "Thought",
    "Usage",
    "Verdict",
    "VerdictCount",
    "WorkKey",
    "default_limits",
    "parse_work_key",
]
