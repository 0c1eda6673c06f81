"""Published scores for a run: which of them it may be compared with, and how the others were measured.

None is left out silently: one that was measured by another protocol, judge or sampling is carried along
with what was other, and the report shows it without comparing.
"""

from __future__ import annotations

from dataclasses import dataclass

from farm.catalogue.eval_tasks import EvalTask
from farm.protocols import Protocol
from farm.records import DatasetRef, JudgeSpec, Limits, Reference, Sampling
from farm.records.fields import Effect, labelled
from farm.records.judging import verdict_rules
from farm.scoring.differences import judge_name

BUNDLED = "sample"  # farm's own problems: there are no published scores on them


@dataclass(frozen=True, slots=True)
class Measurement:
    """What decides a run's score besides the model. `prompted_by`: the protocol of the prompts, if it was another."""

    protocol: Protocol
    judge: JudgeSpec
    sampling: Sampling
    limits: Limits
    dataset: DatasetRef
    prompted_by: str | None = None


def references_of(task: EvalTask, measured: Measurement) -> tuple[Reference, ...]:
    """All known references of `task`; those that `measured` cannot be compared with say why, in `unlike`."""
    if measured.dataset.name == BUNDLED:
        return ()
    deviations = _deviations(measured)
    found = []
    for known in task.references:
        own = measured.protocol.name in known.protocols
        found.append(
            Reference(
                label=known.label,
                score=known.score,
                source=" ".join(part for part in (known.source, known.date) if part),
                problems=known.problems,
                hits=known.hits,
                unlike=deviations if own else (f"protocol {' or '.join(known.protocols)}",),
            )
        )
    return tuple(sorted(found, key=lambda reference: bool(reference.unlike)))


def _deviations(measured: Measurement) -> tuple[str, ...]:
    """What this run does otherwise than its protocol says: the value that the references were measured with."""
    protocol, sampling, own = measured.protocol, measured.sampling, measured.protocol.sampling
    found = []
    if measured.prompted_by not in (None, protocol.ident):
        found.append(f"prompts of {protocol.ident}")
    if verdict_rules(measured.judge) != verdict_rules(protocol.judge):
        found.append(f"judge {judge_name(protocol.judge)}")
    pairs = zip(labelled(sampling, (Effect.SCORE,)), labelled(own, (Effect.SCORE,)), strict=True)
    found += [f"{label} {theirs}" for (label, ours), (_, theirs) in pairs if ours != theirs]
    if measured.limits.cpu_s != Limits().cpu_s:
        found.append(f"time limit {Limits().cpu_s:g} s")
    if measured.dataset.tests != "all":
        found.append("all tests")
    return tuple(found)
