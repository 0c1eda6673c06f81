"""`farm submit`: the whole line with one command."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from farm import protocols
from farm.catalogue.catalogue import load as load_catalogue
from farm.catalogue.eval_tasks import EvalTask, eval_task
from farm.cli.drive import drive
from farm.cli.home import blob_store, open_ledger
from farm.cli.options import DATASET, HOW, JUDGE, REQUESTS, RUN_ID, how_to_run, judge_spec, limits
from farm.cli.server import SERVER_URL, WAIT_SERVER, ready_server
from farm.config import Settings, load
from farm.coordinator.plan import check_ks, plan_dataset, plan_evaluation
from farm.datasets.resolve import DatasetSource, resolve
from farm.datasets.select import Selection
from farm.errors import ConfigError, DatasetError
from farm.ids import new_run_id
from farm.records import Difficulty, JudgeSpec, Reference, Sampling, ServedModel

DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--model", required=True, help="Short name or HF repo id, as in the catalogue (farm models).")
@click.option("--device", required=True, help="Device that serves it: n150, n300, t3k, ..., cpu.")
@SERVER_URL
@click.option("--dataset", metavar="NAME|PATH", help="'sample', a JSONL file, or a folder of LiveCodeBench releases.")
@click.option("--eval-task", "task", metavar="NAME", help="Run this eval task although the model has none of its own.")
@click.option(
    "--protocol",
    "protocol_name",
    help="Prompt, extraction, sampling, judge; default: tt where a reference has it, else official.",
)
@click.option("--n", type=click.IntRange(1, 10_000), help="Samples per problem; default: the protocol's.")
@click.option("--temperature", type=click.FloatRange(0, 10), help="Default: the protocol's.")
@click.option("--top-p", type=click.FloatRange(0, 1, min_open=True), help="Default: the protocol's.")
@click.option("--max-tokens", type=click.IntRange(1), help="Tokens of one completion; default: the protocol's.")
@click.option("--seed", type=click.IntRange(0, (1 << 31) - 1), help="Of the run; each sample gets its own from it.")
@click.option("--k", "ks", type=int, multiple=True, help="Report pass@k for this k; repeatable. Default: all usual.")
@click.option("--limit", type=int, help="Take so many problems, stratified and seeded.")
@click.option("--from", "date_from", type=DAY, help="Contest date, inclusive.")
@click.option("--to", "date_to", type=DAY, help="Contest date, inclusive.")
@click.option("--difficulty", "difficulties", multiple=True, type=click.Choice(["easy", "medium", "hard"]))
@click.option("--platform", "platforms", multiple=True, help="leetcode, atcoder, codeforces; repeatable.")
@click.option("--ids", help="Only these problems, separated by commas.")
@DATASET
@JUDGE
@click.option("--engine", help="Of several catalogue entries: vLLM, forge, llama.cpp.")
@click.option("--impl", help="Of several catalogue entries: the implementation.")
@click.option("--catalogue", type=click.Path(path_type=Path), help="A release_model_spec.json; default: built in.")
@WAIT_SERVER
@RUN_ID
@REQUESTS
@HOW
def submit(**options: Any) -> int:
    """Generate samples with a model, judge them and report pass@k.

    Without FARM_BROKER_URL everything runs on this machine; with it, on the workers of that Redis.
    """
    how = how_to_run(options)
    settings = load()
    catalogue = load_catalogue(options["catalogue"] or settings.catalogue)
    model = catalogue.resolve(options["model"], options["device"], engine=options["engine"], impl=options["impl"])
    task = eval_task(model.name, options["task"])
    protocol = protocols.get(options["protocol_name"] or task.protocol)
    sampling = _sampling(protocol.sampling, options)
    judge = judge_spec(protocol, options["judge"], options["all_tests"])
    ks = check_ks(options["ks"] or None, sampling.n)
    source = _source(options, settings, model)
    selection = _selection(options, sampling.seed)
    url, facts = ready_server(settings, model, options["server_url"], options["wait_server"])
    if sampling.n > 1 and sampling.temperature == 0:
        click.echo(f"caution: {sampling.n} samples at temperature 0 are likely the same; see --temperature", err=True)
    if facts.max_context is not None and facts.max_context < model.max_context:
        model = model.model_copy(update={"max_context": facts.max_context})
    with open_ledger(settings) as ledger:
        store = blob_store(settings)
        dataset = plan_dataset(
            source, selection, store, tests=options["tests"], skip_bad_rows=options["skip_bad_rows"], protocol=protocol
        )
        _say_skipped(dataset.ref.skipped_rows)
        run_id = options["run_id"] or new_run_id(f"{model.name}-{model.device}")
        plan_evaluation(
            ledger,
            run_id,
            dataset,
            eval_task=task.task_name,
            model=model,
            servers=(url,),
            protocol=protocol,
            judge=judge,
            sampling=sampling,
            limits=limits(options["cpu_limit"], options["memory_limit"]),
            ks=ks,
            references=_references(task, protocol, judge, source),
        )
        click.echo(f"run {run_id}: {dataset.ref.problems} problems x {sampling.n} samples", err=True)
        return drive(settings, ledger, run_id, how)


def _sampling(base: Sampling, options: dict[str, Any]) -> Sampling:
    names = ("n", "temperature", "top_p", "max_tokens", "seed")
    try:
        return Sampling(**{**dict(base), **{name: options[name] for name in names if options[name] is not None}})
    except ValidationError as exc:
        first = exc.errors()[0]
        raise ConfigError(f"--{str(first['loc'][0]).replace('_', '-')}: {first['msg']}") from exc


def _references(
    task: EvalTask, protocol: protocols.Protocol, judge: JudgeSpec, source: DatasetSource
) -> tuple[Reference, ...]:
    """Scores of others that this run's may be held against: same protocol, its own judge, its benchmark."""
    own = judge.model_copy(update={"stop": protocol.judge.stop}) == protocol.judge
    return task.references_for(protocol.name) if own and source.name != "sample" else ()


def _source(options: dict[str, Any], settings: Settings, model: ServedModel) -> DatasetSource:
    if options["dataset"]:
        return resolve(options["dataset"], release=options["release"])
    if model.device == "cpu":
        return resolve("sample", release=options["release"])  # a CPU model is for trying farm out
    folder = settings.home / "datasets" / "livecodebench"
    if not folder.is_dir():
        raise DatasetError(
            f"LiveCodeBench is not on this machine (looked in {folder})",
            remedy="put its test*.jsonl files there, or give --dataset FILE, or --dataset sample",
        )
    return resolve(folder, release=options["release"])


def _selection(options: dict[str, Any], seed: int) -> Selection:
    ids = None if options["ids"] is None else {part.strip() for part in options["ids"].split(",")} - {""}
    if ids is not None and not ids:
        raise ConfigError("--ids names no problem", remedy="give ids separated by commas")

    def day(value: datetime | None) -> Any:
        return value.date() if value is not None else None

    return Selection(
        date_from=day(options["date_from"]),
        date_to=day(options["date_to"]),
        difficulties=frozenset(Difficulty(name) for name in options["difficulties"]),
        platforms=frozenset(options["platforms"]),
        ids=frozenset(ids or ()),
        limit=options["limit"],
        seed=seed,
    )


def _say_skipped(rows: int) -> None:
    if rows:
        click.echo(f"skipped {rows} bad rows of the dataset (the report counts them)", err=True)
