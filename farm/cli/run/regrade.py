"""`farm regrade`: judge the stored completions of a run again, by other rules and without a model server."""

from __future__ import annotations

from typing import Any

import click

from farm import protocols
from farm.app.home import blob_store, open_ledger
from farm.catalogue.eval_tasks import EvalTask, eval_task
from farm.cli.conclude import drive
from farm.cli.options.catalogue import open_catalogue
from farm.cli.options.run import CACHE, HOW, JUDGE, RUN_ID, how_to_run, judge_spec, limits
from farm.config import load
from farm.ids import new_run_id
from farm.planning.references import Measurement, references_of
from farm.planning.regrade import plan_regrade, prompted_by
from farm.protocols import Protocol
from farm.records import JudgeSpec, Limits, Reference, RunSpec, default_limits


@click.command()
@click.argument("source", metavar="RUN")
@click.option("--protocol", "protocol_name", help="How completions become programs and are judged; default: RUN's.")
@JUDGE
@CACHE
@RUN_ID
@HOW
def regrade(source: str, **options: Any) -> int:
    """Judge the stored completions of RUN again, as a new run.

    What is not given stays as it was in RUN; a protocol brings its own judge. RUN itself is not changed,
    and neither its dataset's file nor a model server is needed.
    """
    how = how_to_run(options)
    settings = load()
    with open_ledger(settings) as ledger:
        row = ledger.run(source)
        protocol = protocols.get(options["protocol_name"] or row.spec.protocol)
        judge = _judge(row.spec, protocol, options)
        # Limits that nobody chose are those of the way of judging
        chosen = row.spec.limits != default_limits(row.spec.judge)
        base = row.spec.limits if chosen else default_limits(judge)
        limited = limits(options["cpu_limit"], options["memory_limit"], base)
        run_id = options["run_id"] or new_run_id(f"regrade-{row.spec.model.name if row.spec.model else 'grade'}")
        plan_regrade(
            ledger,
            run_id,
            row,
            blob_store(settings),
            protocol=protocol,
            judge=judge,
            limits=limited,
            references=_references(row.spec, protocol, judge, limited, open_catalogue(settings).evals),
            cache=not options["no_cache"],
        )
        click.echo(f"run {run_id}: judging the completions of {source} again", err=True)
        return drive(settings, ledger, run_id, how)


def _judge(spec: RunSpec, protocol: Protocol, options: dict[str, Any]) -> JudgeSpec:
    given = judge_spec(protocol, options["judge"], options["all_tests"], options["program_runtime"])
    judge = spec.judge if options["judge"] is None and options["protocol_name"] is None else given
    kept: dict[str, Any] = {
        "stop": given.stop if options["all_tests"] else spec.judge.stop,
        "runtime": given.runtime if options["program_runtime"] is not None else spec.judge.runtime,
    }
    return judge.model_copy(update=kept)


def _references(
    spec: RunSpec, protocol: Protocol, judge: JudgeSpec, limited: Limits, evals: tuple[EvalTask, ...]
) -> tuple[Reference, ...]:
    """A reference holds for one protocol as a whole: its prompts too, not only its judge."""
    if spec.model is None:
        return ()
    measured = Measurement(protocol, judge, spec.sampling, limited, spec.dataset, prompted_by(spec))
    return references_of(eval_task(spec.model.name, spec.eval_task, evals), measured)
