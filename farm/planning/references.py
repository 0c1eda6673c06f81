"""Published scores for a run: which of them it may be compared with, and how the others were measured.

None is left out silently: one that was measured by another protocol, judge or sampling is carried along
with what was other, and the report shows it without comparing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from farm.catalogue.eval_task import EvalReference, EvalTask
from farm.catalogue.server_defaults import THINKING_VARIABLES, ServerDefaults
from farm.datasets.pulling.releases import is_all_of
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
    subset: str = ""  # the mode whose documents were taken: ci-nightly
    defaults: ServerDefaults = field(default_factory=ServerDefaults)  # of the server; a reference had the same


def references_of(task: EvalTask, measured: Measurement) -> tuple[Reference, ...]:
    """All known references of `task`; those that `measured` cannot be compared with say why, in `unlike`."""
    if measured.dataset.name == BUNDLED:
        return ()
    deviations = _deviations(task, measured)
    found = []
    for known in task.references:
        own = measured.protocol.name in known.protocols
        other = (*deviations, *_other_problems(known, measured))
        found.append(
            Reference(
                label=known.label,
                score=known.score,
                source=" ".join(part for part in (known.source, known.date) if part),
                problems=known.problems,
                hits=known.hits,
                subset=bool(known.subset),
                tolerance=known.tolerance,
                unlike=other if own else (f"protocol {' or '.join(known.protocols)}",),
            )
        )
    return tuple(sorted(found, key=_place))


def lm_eval_references(
    task: EvalTask, sampling: Sampling, *, num_fewshot: int, all_documents: bool, subset: str = ""
) -> tuple[Reference, ...]:
    """The references of a task that lm-eval scores; those that were measured otherwise say how, in `unlike`.

    `num_fewshot`: the examples in each prompt. `subset`: the mode whose documents were taken.
    """
    expected = sampling.model_copy(update=task.setting.sampling())
    pairs = zip(labelled(sampling, (Effect.SCORE,)), labelled(expected, (Effect.SCORE,)), strict=True)
    deviations = [f"{label} {theirs}" for (label, ours), (_, theirs) in pairs if ours != theirs]
    wanted = task.setting.num_fewshot
    if wanted is not None and wanted != num_fewshot:
        deviations.append(f"{wanted} examples in the prompt")
    found = []
    for known in task.references:
        other = list(deviations)
        if known.subset and known.subset != subset:
            other.append(f"the documents of {known.subset}")
        elif not known.subset and not all_documents and not subset:
            other.append("all documents")
        found.append(
            Reference(
                label=known.label, score=known.score, source=f"{known.source} {known.date}".strip(),
                unlike=tuple(other), subset=bool(known.subset), tolerance=known.tolerance,
            )
        )  # fmt: skip
    return tuple(sorted(found, key=_place))


def _place(reference: Reference) -> tuple[bool, bool]:
    """Those that can be compared come first, and of them one on the same documents."""
    return bool(reference.unlike), bool(reference.unlike) or not reference.subset


def _other_problems(known: EvalReference, measured: Measurement) -> tuple[str, ...]:
    """The problems that a reference was measured on, where they are not those of the run."""
    if known.subset and known.subset != measured.subset:
        return (f"the documents of {known.subset}",)
    part = measured.dataset.part
    return (f"release_{known.release}",) if known.release and part and not is_all_of(part, known.release) else ()


def _as_served(own: Sampling, measured: Measurement) -> Sampling:
    """`own` with what the server starts with; a protocol that measures reasoning has it turned on."""
    defaults, chat = measured.defaults, measured.sampling.chat_template_kwargs is not None
    if measured.protocol.thinking:
        template = {name: value or name in THINKING_VARIABLES for name, value in defaults.template.items()}
        defaults = replace(defaults, template=template)
    return defaults.applied_to(own, Sampling(), chat=chat)


def _deviations(task: EvalTask, measured: Measurement) -> tuple[str, ...]:
    """What this run does otherwise than its protocol and task say: the value that the references were measured with."""
    protocol, sampling = measured.protocol, measured.sampling
    own = protocol.sampling
    if protocol.name == task.own_protocol:
        own = own.model_copy(update=task.setting.sampling())
    own = _as_served(own, measured)
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
