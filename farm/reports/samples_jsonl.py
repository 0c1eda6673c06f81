"""samples.jsonl: one line per sample, for other tools to read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from farm.records import Completion, SampleKey, SampleResult
from farm.reports.write import durable


class UnjudgedSample(NamedTuple):
    """A sample that has no verdict, and why. `sandbox` is the tier that executed it, if something was executed.

    Not `generated`: it was given up before it had a completion.
    """

    key: SampleKey
    reason: str
    sandbox: str = ""
    generated: bool = True


class SampleRow(NamedTuple):
    """What became of a sample, and the answer it is about, if there is one."""

    outcome: SampleResult | UnjudgedSample
    completion: Completion | None = None


def write_samples(path: Path, samples: Iterable[SampleRow]) -> int:
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


def lines(samples: Iterable[SampleRow]) -> Iterator[bytes]:
    """The rows as lines of ASCII JSON with their newline.

    `first_failure` is the index of the first failing test or null, `detail` what happened there; seconds and
    bytes are the sandbox's. An unjudged sample has null for verdict and passed (it is no failure of the model)
    and `unjudged`, the reason, which no other row has. `cached_from` is there if the program was executed for
    another sample, of which seconds and bytes are then; `verdicts_seen`, of a program that is not deterministic,
    says how often it had which verdict at which test. With an answer come `finish_reason`, `max_tokens` and
    `seed` as sent (null for answers from a file), and the digests of what the model read and wrote; `reasoned_in` is
    where its reasoning stood (null: it shows none), `reasoning_tokens` the server's count or farm's estimate.
    """
    for outcome, completion in samples:
        row = _judged(outcome) if isinstance(outcome, SampleResult) else _unjudged(outcome)
        yield json.dumps({**row, **_answer(completion)}, ensure_ascii=True, allow_nan=False).encode() + b"\n"


def _answer(completion: Completion | None) -> dict[str, Any]:
    if completion is None:
        return {}
    thought = completion.thought
    return {
        "finish_reason": completion.finish_reason,
        "reasoned_in": None if thought is None else thought.where,
        "reasoning_tokens": None if thought is None else thought.tokens,
        "max_tokens": completion.max_tokens,
        "seed": completion.seed,
        "prompt_sha256": completion.prompt_sha256,
        "text_sha256": completion.text_sha256,
    }


def _judged(sample: SampleResult) -> dict[str, Any]:
    return {
        "problem_id": sample.problem_id,
        "index": sample.index,
        "verdict": sample.verdict.value,
        "passed": sample.passed,
        "first_failure": sample.first_failure,
        **({"detail": sample.detail} if sample.detail else {}),
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
        **({"verdicts_seen": _seen(sample)} if sample.verdicts_seen else {}),
        **({"cached_from": sample.cached_from} if sample.cached_from else {}),
    }


def _seen(sample: SampleResult) -> list[dict[str, Any]]:
    return [count.model_dump(mode="json") for count in sample.verdicts_seen]


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
