"""samples.jsonl: one line per sample, for other tools to read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from farm.records import SampleKey, SampleResult
from farm.reports.write import durable


class UnjudgedSample(NamedTuple):
    """A sample that has no verdict, and why."""

    key: SampleKey
    reason: str


def write_samples(path: Path, samples: Iterable[SampleResult | UnjudgedSample]) -> int:
    """Writes a row per sample in the given order and returns their number.

    Streams: one sample is in memory at a time. The file appears whole or not at all (`write.durable`,
    with its errors).
    """
    written = 0
    with durable(path) as file:
        for line in lines(samples):
            file.write(line)
            written += 1
    return written


def lines(samples: Iterable[SampleResult | UnjudgedSample]) -> Iterator[bytes]:
    """The rows as lines of ASCII JSON with their newline.

    `first_failure` is the index of the first failing test or null; seconds and bytes are the sandbox's.
    An unjudged sample has null for verdict and passed (it is no failure of the model) and `unjudged`,
    the reason, which no other row has.
    """
    for sample in samples:
        row = _judged(sample) if isinstance(sample, SampleResult) else _unjudged(sample)
        yield json.dumps(row, ensure_ascii=True, allow_nan=False).encode() + b"\n"


def _judged(sample: SampleResult) -> dict[str, Any]:
    return {
        "problem_id": sample.problem_id,
        "index": sample.index,
        "verdict": sample.verdict.value,
        "passed": sample.passed,
        "first_failure": sample.first_failure,
        "cases": [
            {
                "index": case.index,
                "verdict": case.verdict.value,
                "cpu_s": case.cpu_s,
                "wall_s": case.wall_s,
                "peak_bytes": case.peak_bytes,
            }
            for case in sample.cases
        ],
        "cpu_s": sample.cpu_s,
        "wall_s": sample.wall_s,
    }


def _unjudged(sample: UnjudgedSample) -> dict[str, Any]:
    return {
        "problem_id": sample.key.problem_id,
        "index": sample.key.index,
        "verdict": None,
        "passed": None,
        "first_failure": None,
        "cases": [],
        "cpu_s": 0.0,
        "wall_s": 0.0,
        "unjudged": sample.reason,
    }
