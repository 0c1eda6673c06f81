"""One model on one device over its builds: what each build scored, repeats of one build as one figure.

Only runs of the same measurement make a line: a point between two protocols would be a lie. So would one figure for
runs of an unknown build.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum, sqrt
from typing import Annotated, NamedTuple

from pydantic import Field

from farm.ids import canonical_json, sha256_hex
from farm.records import Record, RunSpec
from farm.scoring.statistics import Interval, Share, wilson

NO_BUILD = "unknown build"


class ScoredRun(NamedTuple):
    """A complete run: when it began, its spec, and how many of its samples passed."""

    run_id: str
    created_at: float
    spec: RunSpec
    passed: int
    samples: int


class TrendPoint(Record):
    """One build. `deviation` between its runs, None for a single one; the interval is Wilson's over all problems."""

    build: str
    first_at: float
    runs: tuple[str, ...]
    scores: tuple[Share, ...]
    mean: Share
    deviation: Annotated[float, Field(ge=0)] | None
    interval: Interval


class Trend(Record):
    """The builds of one model on one device by one measurement, oldest first."""

    model: str
    device: str
    measurement: str  # in words
    points: tuple[TrendPoint, ...]


def trends(runs: Iterable[ScoredRun]) -> list[Trend]:
    """A line for each model, device and measurement, those with most builds first."""
    lines: dict[tuple[str, str, str], list[ScoredRun]] = {}
    for run in sorted(runs, key=lambda run: (run.created_at, run.run_id)):
        if run.spec.model is not None:
            key = (run.spec.model.repo, run.spec.model.device, measurement_digest(run.spec))
            lines.setdefault(key, []).append(run)
    found = [
        Trend(model=model, device=device, measurement=_in_words(members[0].spec), points=_points(members))
        for (model, device, _), members in lines.items()
    ]
    return sorted(found, key=lambda line: (-len(line.points), line.model, line.device, line.measurement))


def build_of(spec: RunSpec) -> str:
    """The build that gave a run's answers, with the user's labels; NO_BUILD where it is unknown."""
    labels = ", ".join(f"{name}={value}" for name, value in sorted(spec.labels.items()))
    return f"{spec.build.name or NO_BUILD}{f' ({labels})' if labels else ''}"


def measurement_digest(spec: RunSpec) -> str:
    """Equal for runs whose scores may stand on one line."""
    data = spec.dataset
    parts = (
        spec.protocol_digest, spec.judge.model_dump(mode="json"), spec.limits.model_dump(mode="json"), data.digest,
        data.tests, spec.sampling.model_copy(update={"seed": 0}).model_dump(mode="json"),
        "" if spec.regraded_from is None else spec.regraded_from.prompted_by,
    )  # fmt: skip
    return sha256_hex(canonical_json(parts))


def _in_words(spec: RunSpec) -> str:
    selected = f", {spec.dataset.selection}" if spec.dataset.selection else ""
    return (
        f"{spec.dataset.name}, {spec.dataset.problems} problems{selected}, {spec.protocol}, judge {spec.judge.mode}, "
        f"n {spec.sampling.n}, max tokens {spec.sampling.max_tokens}"
    )


def _points(runs: Sequence[ScoredRun]) -> tuple[TrendPoint, ...]:
    """Runs of an unknown build are not averaged: they may be of different ones."""
    builds: dict[tuple[str, str], list[ScoredRun]] = {}
    for run in runs:
        alone = "" if run.spec.build.known else run.run_id
        builds.setdefault((build_of(run.spec), alone), []).append(run)
    return tuple(_point(build, members) for (build, _), members in builds.items())


def _point(build: str, runs: Sequence[ScoredRun]) -> TrendPoint:
    scores = [run.passed / run.samples for run in runs]
    mean = fsum(scores) / len(scores)
    spread = fsum((score - mean) ** 2 for score in scores)
    return TrendPoint(
        build=build,
        first_at=runs[0].created_at,
        runs=tuple(run.run_id for run in runs),
        scores=tuple(scores),
        mean=mean,
        deviation=sqrt(spread / (len(scores) - 1)) if len(scores) > 1 else None,
        interval=wilson(mean, runs[0].spec.dataset.problems),
    )
