"""Tokens and seconds of a run's samples, summed up. None of it moves a score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, fsum

from farm.scoring.report import Distribution, ServerShare, Tokens


def tokens(stated: Iterable[tuple[int | None, int | None]]) -> Tokens | None:
    """Totals of (prompt, completion) over the samples whose server stated both; None if none did."""
    both = [(prompt, completion) for prompt, completion in stated if prompt is not None and completion is not None]
    if not both:
        return None
    prompt, completion = sum(p for p, _ in both), sum(c for _, c in both)
    return Tokens(
        samples=len(both),
        prompt=prompt,
        completion=completion,
        mean_prompt=prompt / len(both),
        mean_completion=completion / len(both),
    )


def server_shares(answers: Iterable[tuple[str, int | None, float | None]], wall_s: float) -> tuple[ServerShare, ...]:
    """What each server did, from (URL, completion tokens, seconds) of each answer and the run's wall time."""
    by_server: dict[str, list[tuple[int | None, float | None]]] = {}
    for url, completion, latency_s in answers:
        by_server.setdefault(url, []).append((completion, latency_s))
    shares = []
    for url, rows in sorted(by_server.items()):
        total = sum(completion or 0 for completion, _ in rows)
        seconds = [latency_s for _, latency_s in rows if latency_s is not None]
        shares.append(
            ServerShare(
                url=url,
                samples=len(rows),
                completion_tokens=total,
                tokens_per_second=total / wall_s if wall_s else None,
                latency_s=fsum(seconds) / len(seconds) if seconds else None,
            )
        )
    return tuple(shares)


def distribution(seconds: Iterable[float | None]) -> Distribution | None:
    """Mean and quantiles of what is known; None if nothing is."""
    values = sorted(value for value in seconds if value is not None)
    if not values:
        return None
    return Distribution(
        samples=len(values),
        mean=fsum(values) / len(values),
        p50=_nearest_rank(values, 50),
        p95=_nearest_rank(values, 95),
        max=values[-1],
    )


def _nearest_rank(ordered: Sequence[float], percent: int) -> float:
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]
