"""`farm submit`: the whole line with one command."""

from __future__ import annotations

from typing import Any

import click

from farm import protocols
from farm.app.checks import check_room
from farm.app.home import blob_store, datasets_folder, open_ledger
from farm.app.model_servers import ready_servers, server_places
from farm.app.run import RunOptions
from farm.benchmarks import LmEvalTask
from farm.benchmarks.registry import LM_EVAL, benchmarks, lm_eval_tasks
from farm.catalogue.eval_tasks import eval_task, task_of
from farm.catalogue.model_spec import ModelSpec
from farm.cli.conclude import drive
from farm.cli.options.catalogue import CATALOGUE, open_catalogue
from farm.cli.options.fields import field_options, given
from farm.cli.options.model_servers import SERVER_URL, START_SERVER, WAIT_SERVER
from farm.cli.options.problems import DATASET, NAME_OR_PATH, plan_problems, selection
from farm.cli.options.run import CACHE, HOW, JUDGE, REQUESTS, RUN_ID, TASK, how_to_run, judge_spec, limits
from farm.cli.run.dry_run import plan_lines
from farm.cli.run.lm_eval_requests import request_lines
from farm.config import Settings, load
from farm.datasets.resolve import DatasetSource, resolve
from farm.errors import ConfigError
from farm.ids import new_run_id
from farm.inference.auth import bearer
from farm.lm_eval.runs.task_options import TASK_ALONE, refuse_options
from farm.lm_eval.runs.task_run import hub_file, plan_harness_task
from farm.planning.plan import check_ks, evaluation_spec, plan_evaluation
from farm.planning.references import Measurement, references_of
from farm.records import HarnessRef, Sampling, ServedModel, default_limits
from farm.records.fields import options_of, with_changes
from farm.scoring.passk import default_ks
from farm.screen.terminal import Terminal


@click.command()
@click.option("--model", required=True, help="Short name or HF repo id, as in the catalogue (farm models).")
@click.option("--device", required=True, help="Device that serves it: n150, n300, t3k, ..., cpu.")
@SERVER_URL
@click.option("--dataset", metavar="NAME|PATH", help=NAME_OR_PATH)
@click.option("--eval-task", "task", metavar="NAME", help="Run this eval task although the model has none of its own.")
@click.option(
    "--task",
    "harness_task",
    metavar="NAME|YAML",
    help="Run a task of lm-evaluation-harness as it is there; results in its layout too.",
)
@TASK
@click.option(
    "--protocol",
    "protocol_name",
    help="Prompt, extraction, sampling, judge; default: tt where a reference has it, else official.",
)
@field_options(Sampling)
@click.option("--k", "ks", type=int, multiple=True, help="Report pass@k for this k; repeatable. Default: all usual.")
@DATASET
@JUDGE
@CACHE
@click.option("--engine", help="Of several catalogue entries: vLLM, forge, llama.cpp.")
@click.option("--impl", help="Of several catalogue entries: the implementation.")
@CATALOGUE
@WAIT_SERVER
@START_SERVER
@click.option("--dry-run", is_flag=True, help="Print the plan, one request and the estimated time; send nothing.")
@RUN_ID
@REQUESTS
@HOW
def submit(**options: Any) -> int:
    """Generate samples with a model, judge them and report pass@k.

    Without FARM_BROKER_URL everything runs on this machine; with it, on the workers of that Redis.
    """
    how = how_to_run(options)
    settings = load()
    code_task = _code_task(options)
    if options["harness_task"] is not None and code_task is None:
        return _submit_harness_task(settings, how, options)
    catalogue = open_catalogue(settings, options["catalogue"])
    entry = catalogue.spec(options["model"], options["device"], engine=options["engine"], impl=options["impl"])
    model = catalogue.served(entry)
    task = eval_task(model.name, options["task"] or task_of(options["protocol_name"]), catalogue.evals)
    protocol = protocols.choose(code_task.protocol if code_task else options["protocol_name"] or task.protocol)
    sampling = with_changes(protocol.sampling, given(Sampling, {name: options[name] for name in options_of(Sampling)}))
    judge = judge_spec(protocol, options["judge"], options["all_tests"], options["program_runtime"])
    ks = check_ks(options["ks"] or None, sampling.n)
    source = _source(options, settings, model, code_task)
    wanted = selection(options)
    dry = options["dry_run"]
    run_id = options["run_id"] or new_run_id(f"{model.name}-{model.device}")
    if dry:
        servers = server_places(settings, options["server_urls"])
    else:
        servers, model = _served(settings, entry, model, run_id, options)
    if sampling.n > 1 and sampling.temperature == 0:
        click.echo(f"caution: {sampling.n} samples at temperature 0 are likely the same; see --temperature", err=True)
    with open_ledger(settings) as ledger:
        dataset = plan_problems(
            source, wanted, blob_store(settings), protocol, options, code_task.tests if code_task else None
        )
        limited = limits(options["cpu_limit"], options["memory_limit"], default_limits(judge))
        spec = evaluation_spec(
            dataset,
            eval_task=task.task_name,
            model=model,
            servers=servers,
            protocol=protocol,
            judge=judge,
            sampling=sampling,
            limits=limited,
            ks=ks,
            references=references_of(task, Measurement(protocol, judge, sampling, limited, dataset.ref)),
            tolerance=task.tolerance,
            cache=not options["no_cache"],
            harness=HarnessRef(task=code_task.name) if code_task else None,
        )
        room = check_room(settings, dataset, spec, ask=not dry)
        if dry:
            for line in plan_lines(spec, entry, task, dataset.problems, room, bearer(settings, model.engine)[1]):
                click.echo(line)
            return 0
        plan_evaluation(ledger, run_id, dataset, spec)
        click.echo(f"run {run_id}: {dataset.ref.problems} problems x {sampling.n} samples", err=True)
        return drive(settings, ledger, run_id, how)


def _code_task(options: dict[str, Any]) -> LmEvalTask | None:
    """The code task that `--task` names; it brings its protocol, and the part of the dataset that counts."""
    name = options["harness_task"]
    tasks = lm_eval_tasks()
    if name is None or name in tasks:
        refuse_options(options, TASK_ALONE, "only for a --task that lm-eval scores")
    if name is None:
        return None
    if options["protocol_name"] is not None or options["task"] is not None:
        raise ConfigError("--task brings its own protocol and eval task", remedy="leave out --protocol and --eval-task")
    if name not in tasks:
        return None
    task = tasks[name]
    options["task"] = name
    if task.platform is not None and not options["platforms"]:
        options["platforms"] = (task.platform,)
    return task


def _served(
    settings: Settings, entry: ModelSpec, model: ServedModel, run_id: str, options: dict[str, Any]
) -> tuple[tuple[str, ...], ServedModel]:
    """The URLs of the run's servers, one of them started here if that is wished, and the model with their context."""
    given = options["server_urls"]
    if options["start_server"]:
        from farm.cli.serve.server import started_server

        if given:
            raise ConfigError("--start-server and --server-url exclude each other")
        given = (started_server(settings, entry, model, run_id, options),)
    ready = ready_servers(settings, model, given, options["wait_server"], Terminal())
    if ready.max_context is not None and ready.max_context < model.max_context:
        click.echo(f"caution: the server's context is {ready.max_context}, not {model.max_context}", err=True)
        model = model.model_copy(update={"max_context": ready.max_context})
    return ready.urls, model


def _submit_harness_task(settings: Settings, how: RunOptions, options: dict[str, Any]) -> int:
    """A task that lm-eval scores: its requests, farm's generation."""
    catalogue = open_catalogue(settings, options["catalogue"])
    entry = catalogue.spec(options["model"], options["device"], engine=options["engine"], impl=options["impl"])
    model, task, store = catalogue.served(entry), options["harness_task"], blob_store(settings)
    with open_ledger(settings) as ledger:
        dataset, sampling, harness, chat = plan_harness_task(settings, store, task, model.name, options)
        model = model.model_copy(update={"chat": chat})
        if options["dry_run"]:
            for line in request_lines(model, harness, dataset, sampling):
                click.echo(line)
            return 0
        task = harness.task
        run_id = options["run_id"] or new_run_id(f"{model.name}-{task}")
        servers, model = _served(settings, entry, model, run_id, options)
        spec = evaluation_spec(
            dataset,
            eval_task=task,
            model=model,
            servers=servers,
            protocol=LM_EVAL,
            judge=LM_EVAL.judge,
            sampling=sampling,
            limits=default_limits(LM_EVAL.judge),
            ks=tuple(default_ks(sampling.n)),
            references=(),
            judged=False,
            harness=harness,
        )
        plan_evaluation(ledger, run_id, dataset, spec)
        click.echo(f"run {run_id}: {dataset.ref.problems} requests of {task} x {sampling.n}", err=True)
        return drive(settings, ledger, run_id, how)


def _source(
    options: dict[str, Any], settings: Settings, model: ServedModel, code_task: LmEvalTask | None
) -> DatasetSource:
    # A CPU model is for trying farm out.
    default = "sample" if model.device == "cpu" else "livecodebench"
    if code_task is not None and options["dataset"] is None and code_task.dataset not in benchmarks():
        return resolve(hub_file(settings, code_task))
    name = options["dataset"] or (code_task.dataset if code_task else default)
    return resolve(name, release=options["release"], pulled=datasets_folder(settings))
