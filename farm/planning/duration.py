"""How long a run will take, from the speeds that the catalogue aims at; for `farm submit --dry-run`.

A range, because the length of the answers is unknown, with the assumptions behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

from farm.catalogue.model_spec import ModelSpec

SHORT_ANSWER = 4  # the low end: answers take a quarter of the tokens that they may


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds of generation, between short answers and answers of full length; grading overlaps with it."""

    low_s: float
    high_s: float
    assumes: str


def estimate(spec: ModelSpec, *, requests: int, servers: int, prompt_tokens: int, max_tokens: int) -> Estimate | None:
    """The time of `requests` requests on `servers` servers of `spec`; None where the catalogue has no speed for it."""
    rows = [row for row in spec.perf_references if row.tokens_per_s]
    if not rows:
        return None
    row = max(rows, key=lambda row: row.concurrency)  # the nearest to a full server
    assert row.tokens_per_s
    slots = spec.max_concurrency * servers
    # The time to the first token grows with the prompt; beyond that nothing is known of it
    first_s = (row.ttft_ms or 0.0) / 1000 * max(1.0, prompt_tokens / max(1, row.input_tokens))
    turns = max(1.0, requests / slots)

    def seconds(tokens: float) -> float:
        return turns * (first_s + tokens / row.tokens_per_s) if row.tokens_per_s else 0.0

    return Estimate(
        low_s=seconds(max(1.0, max_tokens / SHORT_ANSWER)),
        high_s=seconds(max_tokens),
        assumes=(
            f"{slots} requests at a time, each at {row.tokens_per_s:g} tokens/s after {first_s:.1f} s, answers of "
            f"{max(1, max_tokens // SHORT_ANSWER)} to {max_tokens} tokens; the speed is what the catalogue aims at "
            f"with {row.concurrency} at a time and {row.input_tokens} tokens in, and a full server is often slower"
        ),
    )


def spoken(seconds: float) -> str:
    """A duration as people say it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
