"""`farm grade` and `farm import`: judge completions that exist already, through the same queue and sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from farm import protocols
from farm.app.catalogue import open_catalogue
from farm.app.checks import check_runtime
from farm.app.conclude import Outcome, conclude, drive
from farm.app.display import Display
from farm.app.home import open_ledger
from farm.app.problems import plan_problems, source_of
from farm.app.requests import GradeRequest, Judging, ProblemChoice
from farm.benchmarks.registry import benchmarks
from farm.catalogue.eval_tasks import tasks_of
from farm.config import Settings
from farm.coordinator.progress import Ended
from farm.datasets.answers.answer_file import answer_file
from farm.datasets.harbor import HarborEval, read_harbor
from farm.datasets.resolve import DatasetSource
from farm.errors import CatalogueError, ConfigError
from farm.ids import new_run_id
from farm.planning.plan import Subject
from farm.planning.plan_grading import Reading, plan_grading
from farm.planning.plan_trials import plan_trials
from farm.protocols import Protocol
from farm.records import ServedModel, default_limits
from farm.records.fields import with_changes

DEFAULT_PROTOCOL = "official"
UNKNOWN_DEVICE = "unknown"


def grade(settings: Settings, request: GradeRequest, display: Display) -> Outcome:
    """Record the completions as a run and judge them.

    Raises DatasetError for a file that cannot be read, ConfigError for a judge of other tests, and what `drive` raises.
    """
    source = source_of(settings, request.problems)
    file = answer_file(request.completions)
    protocol = protocols.get(request.protocol or own_protocol(source))
    judge = request.judging.judge_of(protocol)
    check_runtime(settings, judge)
    with open_ledger(settings) as ledger:
        dataset = plan_problems(settings, request.problems, source, display)
        kind = "import" if request.foreign else "grade"
        run_id = request.run_id or new_run_id(f"{kind}-{file.path.name.split('.')[0]}")
        _, left_out = plan_grading(
            ledger,
            run_id,
            dataset,
            file,
            protocol=protocol,
            judge=judge,
            limits=with_changes(default_limits(judge), request.judging.limits),
            cache=request.judging.cache,
            reading=_reading(request, protocol),
            subject=_subject(settings, request),
        )
        if left_out:
            display.say(f"left out {left_out} completions of problems that are not in this run")
        display.say(f"run {run_id}: judging {file.path}")
        return drive(settings, ledger, run_id, request.options, display)


def import_trials(settings: Settings, request: GradeRequest, display: Display) -> Iterator[Outcome]:
    """Record what became of a job's trials in harbor, a run for each agent, model and dataset, and report it.

    Raises DatasetError for a job that is not finished or cannot be read, ConfigError for options of judging.
    """
    if request.problems != ProblemChoice() or request.protocol is not None or request.judging != Judging():
        raise ConfigError(
            "harbor's trials are judged already", remedy="leave out --dataset, --protocol and how to judge"
        )
    found = read_harbor(request.completions)
    with open_ledger(settings) as ledger:
        for number, each in enumerate(found, 1):
            named = request.run_id if len(found) == 1 or request.run_id is None else f"{request.run_id}-{number}"
            run_id = named or new_run_id(f"harbor-{each.dataset.rsplit('/', 1)[-1]}")
            subject = _subject(settings, request if request.model else replace(request, model=each.model))
            tasks = tasks_of(subject.model.name) if subject.model is not None else []
            plan_trials(ledger, run_id, each, str(request.completions.absolute()), subject, tasks)
            display.say(f"run {run_id}: {len(each.trials)} trials of {each.key}")
            for line in _as_harbor_says(each):
                display.say(line)
            yield conclude(settings, ledger, run_id, request.options, Ended("complete"))


def _as_harbor_says(found: HarborEval) -> Iterator[str]:
    """harbor's own figures, and what they leave out."""
    if found.mean is not None:
        yield f"harbor's mean is {found.mean:.4f}, in which an errored trial counts as 0"
    if found.pass_at_k:
        figures = ", ".join(f"pass@{k} {value:.4f}" for k, value in sorted(found.pass_at_k.items()))
        yield f"harbor's {figures} leave errored trials out, and there is no pass@1: all are computed again here"
    if found.partial:
        yield f"caution: {found.partial} trials have a part of the reward, which counts as failed here"


def own_protocol(source: DatasetSource) -> str:
    """The protocol that reads answers where none is named: the dataset's own, where its tests are Python."""
    benchmark = benchmarks().get(source.dataset)
    first = benchmark.protocols[0] if benchmark is not None and benchmark.protocols else None
    return first.ident if first is not None and first.judge.mode == "asserts" else DEFAULT_PROTOCOL


def _reading(request: GradeRequest, protocol: Protocol) -> Reading:
    if request.protocol is not None:
        return "protocol"
    return "blocks" if protocol.extraction.fence == "none" and not protocol.extraction.function else "given"


def _subject(settings: Settings, request: GradeRequest) -> Subject:
    """Which model gave the answers, as the user says; the catalogue's name for it where the catalogue has it."""
    if not request.model:
        if request.device:
            raise ConfigError("--device says where a model ran", remedy="name it with --model")
        return request.build.subject(None)
    name, device = request.model.rstrip("/"), request.device or UNKNOWN_DEVICE
    with suppress(CatalogueError):
        known = open_catalogue(settings).resolve(name, device)
        return request.build.subject(ServedModel(name=known.name, repo=known.repo, device=known.device))
    return request.build.subject(ServedModel(name=name.rsplit("/", 1)[-1], repo=name, device=device))
