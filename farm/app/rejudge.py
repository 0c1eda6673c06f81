"""`farm regrade` and `farm repair`: a new run made of a recorded one."""

from __future__ import annotations

from farm import protocols
from farm.app.catalogue import open_catalogue
from farm.app.checks import check_runtime
from farm.app.conclude import Outcome, drive
from farm.app.display import Display
from farm.app.home import blob_store, open_ledger
from farm.app.model_servers import ready_servers
from farm.app.requests import RegradeRequest, RepairRequest
from farm.catalogue.eval_task import EvalTask
from farm.catalogue.eval_tasks import eval_task
from farm.config import Settings
from farm.errors import ConfigError
from farm.ids import new_run_id
from farm.planning.references import Measurement, references_of
from farm.planning.regrade import plan_regrade, prompted_by
from farm.planning.repair import plan_repair
from farm.protocols import Protocol
from farm.records import JudgeSpec, Limits, Reference, RunSpec, default_limits
from farm.records.fields import with_changes
from farm.records.judging import with_chosen_judge


def regrade(settings: Settings, request: RegradeRequest, display: Display) -> Outcome:
    """Judge the stored completions of a run again. What was not chosen stays as it was in the source.

    A protocol brings its own judge. Raises what `plan_regrade` and `drive` raise.
    """
    with open_ledger(settings) as ledger:
        row = ledger.run(request.source)
        spec = row.spec
        protocol = protocols.get(request.protocol or spec.protocol)
        judge = _judge(spec, protocol, request)
        check_runtime(settings, judge)
        # Limits that were not chosen are those of the way of judging
        base = spec.limits if spec.limits != default_limits(spec.judge) else default_limits(judge)
        limits = with_changes(base, request.judging.limits)
        run_id = request.run_id or new_run_id(f"regrade-{spec.model.name if spec.model else 'grade'}")
        plan_regrade(
            ledger,
            run_id,
            row,
            blob_store(settings),
            protocol=protocol,
            judge=judge,
            limits=limits,
            references=_references(spec, protocol, judge, limits, open_catalogue(settings).evals),
            cache=request.judging.cache,
        )
        display.say(f"run {run_id}: judging the completions of {request.source} again")
        return drive(settings, ledger, run_id, request.options, display)


def repair(settings: Settings, request: RepairRequest, display: Display) -> Outcome:
    """Ask the model of a run to repair its failed programs; what passed is taken over.

    ConfigError for a run without a model; raises what `ready_servers`, `plan_repair` and `drive` raise.
    """
    settings = request.servers.settings(settings)
    with open_ledger(settings) as ledger:
        row = ledger.run(request.source)
        if row.spec.model is None or row.spec.kind != "evaluate":
            raise ConfigError(f"run {request.source} has no model to ask: its completions came from a file")
        check_runtime(settings, row.spec.judge)
        given = request.servers.urls or row.spec.servers
        ready = ready_servers(
            settings, row.spec.model, given, request.servers.wait_s, display, row.spec.sampling, request.options.drive
        )
        run_id = request.run_id or new_run_id(f"repair-{row.spec.model.name}")
        spec = plan_repair(ledger, run_id, row, blob_store(settings), servers=ready.urls)
        assert spec.repairs is not None
        display.say(f"run {run_id}: asking again for {spec.repairs.failed} programs of {request.source}")
        return drive(settings, ledger, run_id, request.options, display)


def _judge(spec: RunSpec, protocol: Protocol, request: RegradeRequest) -> JudgeSpec:
    """The source's judge with what was chosen; of another protocol or mode, its own with the source's extent."""
    chosen = request.judging.judge
    if request.protocol is None and "mode" not in chosen.model_fields_set:
        return with_chosen_judge(spec.judge, chosen)
    kept = {"stop": spec.judge.stop, "runtime": spec.judge.runtime, "repeats": spec.judge.repeats}
    return with_chosen_judge(protocol.judge.model_copy(update=kept), chosen)


def _references(
    spec: RunSpec, protocol: Protocol, judge: JudgeSpec, limits: Limits, evals: tuple[EvalTask, ...]
) -> tuple[Reference, ...]:
    """A reference holds for one protocol as a whole: its prompts too, not only its judge."""
    if spec.model is None:
        return ()
    measured = Measurement(protocol, judge, spec.sampling, limits, spec.dataset, prompted_by(spec))
    return references_of(eval_task(spec.model.name, spec.eval_task, evals), measured)
