"""`farm grade` and `farm import`: judge completions that exist already, through the same queue and sandbox."""

from __future__ import annotations

from contextlib import suppress

from farm import protocols
from farm.app.catalogue import open_catalogue
from farm.app.checks import check_runtime
from farm.app.conclude import Outcome, drive
from farm.app.display import Display
from farm.app.home import open_ledger
from farm.app.problems import plan_problems, source_of
from farm.app.requests import GradeRequest
from farm.benchmarks.registry import benchmarks
from farm.config import Settings
from farm.datasets.answers.answer_file import answer_file
from farm.datasets.resolve import DatasetSource
from farm.errors import CatalogueError, ConfigError
from farm.ids import new_run_id
from farm.planning.plan import Subject
from farm.planning.plan_grading import Reading, plan_grading
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
