"""What was not equal between two runs, in words: first what makes their scores incomparable.

A score belongs to its protocol, judge, dataset, sampling and limits; with one of these another, the same
model on the same problems moved from 7.11 to 13.93 (tenstorrent/tt-inference-server#311). Models,
devices and builds are what one wants to compare; they are named all the same.
"""

from __future__ import annotations

import math

from farm.records import JudgeSpec, Limits, Record, RunSpec, ServedModel
from farm.records.fields import Effect, labelled
from farm.records.judging import verdict_rules
from farm.scoring.report import Versions


class Difference(Record):
    """One thing that was `a` in one run and `b` in the other; `measurement` if it decides what a score means."""

    what: str
    a: str
    b: str
    measurement: bool


def differences(a: RunSpec, versions_a: Versions, b: RunSpec, versions_b: Versions) -> tuple[Difference, ...]:
    """All that differs and could move a score; what decides the measurement first."""
    rows = [(what, one, other, True) for (what, one), (_, other) in zip(_measured(a), _measured(b), strict=True)]
    rows += [
        (what, one, other, False)
        for (what, one), (_, other) in zip(_subject(a, versions_a), _subject(b, versions_b), strict=True)
    ]
    return tuple(Difference(what=w, a=x, b=y, measurement=m) for w, x, y, m in rows if x != y)


def model_name(model: ServedModel) -> str:
    """A model's repo id, the name that requests give it where that is another, and what its server says it is."""
    served = f", served as {model.served_as}" if model.served_as else ""
    return f"{model.repo}{served}{f', made from {model.base}' if model.base else ''}"


def judge_name(judge: JudgeSpec) -> str:
    """A judge in words."""
    mode = f"{judge.mode} ({judge.variant})" if judge.mode == "lcb" else judge.mode
    repeated = f", {judge.repeats} times each" if judge.repeats > 1 else ""
    return f"{mode}, comparator {judge.comparator}, stop at {judge.stop.replace('_', ' ')}{repeated}"


def limits_name(judge: JudgeSpec, limits: Limits) -> str:
    """Limits in words: those that a verdict meets most, each with the clock that holds it."""
    memory = f"{limits.memory_bytes >> 20} MiB"
    if judge.mode == "lcb":  # the original's clock, in whole seconds (farm/judging/lcb.py)
        return f"alarm after {math.ceil(limits.cpu_s)} s wall less starvation, {memory} per test"
    return f"{limits.cpu_s:g} s CPU, {limits.wall_s:g} s wall less starvation, {memory} per test"


def _measured(spec: RunSpec) -> list[tuple[str, str]]:
    data, sampling, regraded = spec.dataset, spec.sampling, spec.regraded_from
    own = spec.protocol if spec.kind == "evaluate" else "-"
    rows = [
        ("protocol", spec.protocol),
        ("protocol digest", spec.protocol_digest),
        ("prompts made by", own if regraded is None else regraded.prompted_by or "-"),
        ("judge", judge_name(verdict_rules(spec.judge))),
        ("program runtime", spec.judge.runtime),
        ("limits", limits_name(spec.judge, spec.limits)),
        ("other limits", spec.limits.model_copy(update=_NAMED_LIMITS).record_digest()),
        ("dataset", data.name),
        ("dataset digest", data.digest),
        ("problems", str(data.problems)),
        ("selection", data.selection or "all"),
        ("tests", data.tests),
        ("errata left out", str(len(data.flawed_excluded))),
    ]
    sampled = labelled(sampling, (Effect.SCORE, Effect.PRECISION))
    return rows + [(label, value if spec.kind == "evaluate" else "-") for label, value in sampled]


_NAMED_LIMITS = {"cpu_s": 6.0, "wall_s": 18.0, "memory_bytes": 1 << 30}


def _subject(spec: RunSpec, versions: Versions) -> list[tuple[str, str]]:
    model, drawn = spec.model, labelled(spec.sampling, (Effect.DRAW,))
    return [
        ("eval task", spec.eval_task),
        ("model", "-" if model is None else model_name(model)),
        ("device", _of(model, "device")),
        ("engine", _of(model, "engine")),
        ("endpoint", "-" if model is None else "chat" if model.chat else "completions"),
        ("context", "-" if model is None else str(model.max_context)),
        ("build", spec.build.name or "unknown"),
        ("labels", ", ".join(f"{name}={value}" for name, value in sorted(spec.labels.items())) or "-"),
        ("tt-metal commit", spec.build.tt_metal_commit or "-"),
        ("vllm commit", spec.build.vllm_commit or "-"),
        ("servers", ", ".join(spec.servers) or "-"),
        ("completions", spec.completions or "-"),
        *labelled(spec.judge, (Effect.PRECISION,)),
        *((label, value if spec.kind == "evaluate" else "-") for label, value in drawn),
        ("farm", versions.farm),
        ("runners", "; ".join(versions.runners) or "-"),
    ]


def _of(model: ServedModel | None, field: str) -> str:
    value = None if model is None else getattr(model, field)
    return "-" if value is None else str(value)
