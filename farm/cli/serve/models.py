"""`farm models`: what the catalogue knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from farm.app.catalogue import open_catalogue
from farm.catalogue.catalogue import BUILTIN, Catalogue
from farm.catalogue.devices import DEVICES, device_name
from farm.catalogue.engines import IN_WORDS
from farm.catalogue.eval_task import EvalTask, in_words
from farm.catalogue.model_spec import TEXT_TYPES, ModelSpec
from farm.catalogue.release import installed_catalogues, read_release
from farm.catalogue.server_defaults import THINKING_VARIABLES, server_defaults
from farm.catalogue.support import Broken
from farm.cli.options.model import CATALOGUE
from farm.config import load
from farm.errors import CatalogueError
from farm.records.fields import shown
from farm.text import one_line


@click.group(invoke_without_command=True)
@click.option("--device", help="Only models that this device serves.")
@CATALOGUE
@click.pass_context
def models(context: click.Context, device: str | None, catalogue: tuple[Path, ...]) -> None:
    """List the models and devices of the catalogue: concurrency@context by device."""
    found = open_catalogue(load(), catalogue)
    if context.invoked_subcommand is not None:
        context.obj = found
        return
    names = found.names(device)
    if not names:
        raise CatalogueError(f"no model is served on device {device}", remedy=f"devices: {', '.join(DEVICES)}")
    for name in names:
        specs = [spec for spec in found.of_model(name) if device is None or spec.device == device_name(device)]
        places = sorted({f"{s.device} {s.max_concurrency}@{s.max_context}" for s in specs})
        click.echo(f"{name}  {', '.join(places)}")


@models.command()
@click.argument("name")
@click.option("--device", help="Only this device.")
@CATALOGUE
@click.pass_obj
def show(found: Catalogue, name: str, device: str | None, catalogue: tuple[Path, ...]) -> None:
    """Print all that the catalogue knows of a model: devices, servers, eval tasks, scores of others."""
    if catalogue:
        found = open_catalogue(load(), catalogue)
    specs = [spec for spec in found.of_model(name) if spec.model_type in TEXT_TYPES]
    if device is not None:
        chosen = found.spec(name, device, force=True).device
        specs = [spec for spec in specs if spec.device == chosen]
    if not specs:
        raise CatalogueError(f"{name} does not answer with text", remedy="`farm models` lists those that do")
    first = specs[0]
    endpoint = "text completions (a base model)" if found.is_base(first) else "chat completions"
    click.echo(f"{first.name}\n  repo: {first.repo}\n  endpoint: {endpoint}")
    click.echo(f"  catalogue: {found.source}")
    for spec in specs:
        for line in _server(spec, found.broken(spec)):
            click.echo(line)
    for other, place in found.served_as(first.repo):
        click.echo(f"device {other}: served as on {place}")
    tasks = [task for task in found.evals if task.model_name == first.name]
    for task in tasks:
        for line in _evaluation(task):
            click.echo(line)
    if not tasks:
        click.echo("it has no eval task; run one with --eval-task livecodebench")


@models.command()
def refresh() -> None:
    """Look for a release of the catalogue on this host that is newer than the built-in table.

    In Python packages `tenstorrent` and checkouts of tt-inference-server. The newest is what every command uses.
    """
    found = open_catalogue(load())
    builtin = read_release(BUILTIN)
    click.echo(f"built-in table: {builtin.shown}")
    for path in installed_catalogues():
        click.echo(f"{path}: {read_release(path).shown}")
    click.echo(f"used: {found.source}")
    if not found.newer:
        click.echo("a newer one comes with: pip install --upgrade tenstorrent")


def _server(spec: ModelSpec, broken: Broken | None) -> Iterator[str]:
    default = "default" if spec.default_impl else f"by --engine {spec.engine} --impl {spec.impl}"
    yield f"device {spec.device} ({spec.engine}, {spec.impl}, {default}): {spec.status}"
    if broken is not None:
        yield f"  known not to work, {broken.date}: {broken.reason} (--force runs it)"
    warm = ", warms itself up" if spec.has_builtin_warmup else ""
    yield f"  {spec.max_concurrency} requests at a time, {spec.max_context} tokens of context{warm}"
    yield f"  key: {IN_WORDS[spec.auth_style]}; weights need HF_TOKEN: {'yes' if spec.gated else 'no'}"
    needs = [
        f"{value:g} GB of {what}" for value, what in ((spec.min_ram_gb, "memory"), (spec.min_disk_gb, "disk")) if value
    ]
    yield f"  ready within {spec.tensor_cache_timeout_s:g} s; needs {' and '.join(needs) or 'nothing that is stated'}"
    if spec.docker_image:
        yield f"  image: {spec.docker_image}"
    if spec.tt_metal_commit or spec.vllm_commit:
        yield f"  built from: tt-metal {spec.tt_metal_commit or '-'}, vLLM {spec.vllm_commit or '-'}"
    yield from _starts_with(spec)
    for row in spec.perf_references:
        speeds = [
            text
            for value, text in (
                (row.ttft_ms, f"first token after {row.ttft_ms:g} ms"),
                (row.tokens_per_s, f"{row.tokens_per_s:g} tokens/s a user"),
            )
            if value
        ]
        yield (
            f"  aims at ({row.input_tokens} tokens in, {row.output_tokens} out, {row.concurrency} at a time): "
            f"{', '.join(speeds) or 'nothing'}"
        )
    for issue in spec.known_issues:
        yield f"  known issue, {issue.workflow_type} {issue.task_name or 'all tasks'}: {one_line(issue.reason, 300)}"


def _starts_with(spec: ModelSpec) -> Iterator[str]:
    """What decides answers of the server as it is started: thinking, its parser, its own sampling."""
    defaults = server_defaults(spec)
    how = {True: "on", False: "off", None: "as the chat template has it"}[defaults.thinking]
    thinks = defaults.thinking is not None or defaults.parser or spec.reasoning_parser
    if thinks:
        parser = f"taken out of the text by the parser {defaults.parser}" if defaults.parser else "left in the text"
        yield f"  thinking starts {how}; reasoning is {parser}"
    variables = {name: value for name, value in defaults.template.items() if name not in THINKING_VARIABLES}
    for name, value in {**defaults.sampling, **variables}.items():
        yield f"  starts with {name} {shown(value)}, which farm sends too unless it is told otherwise"


def _evaluation(task: EvalTask) -> Iterator[str]:
    own = f" ({task.place})" if task.place else ""
    how = f"protocol {task.protocol}" if task.runner == "farm" else f"run by {task.run_by()}"
    yield f"eval task {task.task_name}{own}: {how}"
    if asked := in_words(task.setting):
        yield f"  asked with: {one_line(asked, 300)}"
    keys = [key if isinstance(key, str) else " ".join(key) for key in task.result_keys]
    yield (
        f"  score: {task.score_func} of {', '.join(keys)}, in {task.unit}; passes down to "
        f"{1 - task.tolerance:.0%} of the reference (tolerance {task.tolerance:g})"
    )
    for ref in task.references:
        hits = f" ({ref.hits} of {ref.problems})" if ref.hits is not None else ""
        label = ref.label.replace("_", " ").replace("gpu", "GPU")
        note = f"; {ref.note}" if ref.note else ""
        protocol = f", protocol {' or '.join(ref.protocols)}" if ref.protocols else ""
        part = f", on the documents of {ref.subset}" if ref.subset else ""
        yield f"  {label}: {ref.score:g}{hits}{part}{protocol}, {ref.date or 'date unknown'}, {ref.source}{note}"
    if not task.references:
        yield "  no scores of others"
