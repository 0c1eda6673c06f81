"""`farm inspect`: a run, a problem or a sample in the terminal; a program executed again, with a trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from farm.app.home import blob_store, open_ledger
from farm.cli.options.confinement import CONFINEMENT, confinement
from farm.config import Settings, load
from farm.environments.runtimes import program_runtime
from farm.errors import ConfigError
from farm.ids import DEFAULT_RUNTIME
from farm.records import RunSpec, SampleKey, Verdict
from farm.reports import inspecting
from farm.reports.artefacts import write_artefacts
from farm.reports.details import ProblemDetail, SampleDetail
from farm.results.details import problem_detail, problem_details
from farm.sandbox.api import Sandbox
from farm.sandbox.confinement import Confinement

VERDICTS = [*(verdict.value for verdict in Verdict), "UNJUDGED"]


@click.command()
@click.argument("run_id")
@click.argument("what", required=False, metavar="[PROBLEM[#INDEX]]")
@click.option("--verdict", type=click.Choice(VERDICTS), help="List only problems that have such a sample.")
@click.option("--rerun", is_flag=True, help="Execute the sample again in the sandbox: all its tests, and a trace.")
@click.option(
    "--test", "test", type=click.IntRange(0), help="With --rerun: the test to trace; default: the first failed."
)
@click.option(
    "--debug", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help="Write debug artefacts there: generation, program, test inputs, results, times, trace.",
)  # fmt: skip
@click.option("--full", is_flag=True, help="Cut no text.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: an object, or a line for each sample.")
@CONFINEMENT
def inspect(run_id: str, what: str | None, **options: Any) -> int:
    """Look at a run: all its problems, one of them, or one sample with its answer, program and tests.

    Shows hidden tests. Controls and marks of writing direction in a model's text are shown as escapes.
    """
    settings, chosen = load(), confinement(options)
    problem_id, index = _parse(what)
    if options["rerun"] and problem_id is None:
        raise ConfigError("--rerun executes one sample", remedy="name it: farm inspect RUN PROBLEM#INDEX --rerun")
    with open_ledger(settings) as ledger:
        spec = ledger.run(run_id).spec
        load_blob = blob_store(settings).get
        if problem_id is None:
            _run(problem_details(ledger, run_id, load_blob), options)
            return 0
        problem = problem_detail(ledger, run_id, problem_id, load_blob)
    if index is None and len(problem.samples) == 1:
        index = problem.samples[0].key.index
    if index is None and not options["rerun"]:
        _problem(problem, options)
        return 0
    sample = _sample(problem, index or 0)
    trace = ""
    if options["as_json"]:
        click.echo(inspecting.pretty_json(inspecting.as_value(problem, sample)), nl=False)
    else:
        click.echo(inspecting.sample_text(problem, sample, _cut(options)), nl=False)
    if options["rerun"]:
        trace = _rerun(settings, chosen, spec, problem, sample, options)
        click.echo(trace, nl=False, err=options["as_json"])
    if options["debug"]:
        click.echo(str(write_artefacts(problem, sample, options["debug"], trace)), err=options["as_json"])
    return 0


def _parse(what: str | None) -> tuple[str | None, int | None]:
    if what is None or "#" not in what:
        return what, None
    try:
        key = SampleKey.parse(what)
    except ValueError as exc:
        raise ConfigError(str(exc)) from exc
    return key.problem_id, key.index


def _cut(options: dict[str, Any]) -> int:
    return inspecting.EVERYTHING if options["full"] else inspecting.CUT


def _sample(problem: ProblemDetail, index: int) -> SampleDetail:
    for sample in problem.samples:
        if sample.key.index == index:
            return sample
    raise ConfigError(f"problem {problem.problem_id} has no sample {index} in this run")


def _run(problems: Iterator[ProblemDetail], options: dict[str, Any]) -> None:
    def kept() -> Iterator[ProblemDetail]:
        for problem in problems:
            if options["verdict"] is None or any(s.verdict == options["verdict"] for s in problem.samples):
                _write(problem, options)
                yield problem

    if options["as_json"]:
        _json_lines(kept())
        return
    for line in inspecting.overview(kept(), options["verdict"]):
        click.echo(line)


def _problem(problem: ProblemDetail, options: dict[str, Any]) -> None:
    if options["as_json"]:
        _json_lines(iter([problem]))
    else:
        click.echo(inspecting.problem_text(problem, _cut(options)), nl=False)
    _write(problem, options)


def _json_lines(problems: Iterator[ProblemDetail]) -> None:
    for problem in problems:
        for sample in problem.samples:
            click.echo(inspecting.json_line(inspecting.as_value(problem, sample)))


def _write(problem: ProblemDetail, options: dict[str, Any]) -> None:
    for sample in problem.samples if options["debug"] else ():
        write_artefacts(problem, sample, options["debug"])


def _rerun(
    settings: Settings, chosen: Confinement, spec: RunSpec, problem: ProblemDetail, sample: SampleDetail,
    options: dict[str, Any],
) -> str:  # fmt: skip
    """What an execution on this machine shows, as text."""
    from farm.judging.tracing import trace

    if problem.suite is None:
        raise ConfigError(f"the stored tests of {problem.problem_id} are gone", remedy="bring back FARM_HOME's blobs")
    if sample.program is None:
        raise ConfigError(f"{sample.key} holds no code to execute")
    cut = _cut(options)
    with _sandbox(settings, _kind(settings, chosen, spec.judge.runtime)) as sandbox:
        judge = spec.judge.model_copy(update={"stop": "all"})
        again = sandbox.evaluate(sample.program, problem.suite, judge, spec.limits)
        same = "the same as recorded" if again.verdict.value == sample.verdict else f"recorded is {sample.verdict}"
        rows = [["test", "verdict", "CPU", "what happened"]]
        rows += [[str(c.index), c.verdict.value, f"{c.cpu_s:.3f} s", inspecting.how(c)] for c in again.cases]
        parts = [
            f"Executed again, tier {sandbox.info.tier}: {again.verdict.value}, {same}\n{inspecting.aligned(rows)}",
            *(inspecting.case_text(problem, c, cut) for c in again.cases if c.verdict is not Verdict.PASSED),
        ]
        if problem.suite.asserts is None and again.verdict is not Verdict.SYNTAX_ERROR:
            index = options["test"] if options["test"] is not None else again.first_failure or 0
            if index >= len(problem.suite.tests):
                raise ConfigError(
                    f"--test {index}: {problem.problem_id} has {len(problem.suite.tests)} tests, from 0 on"
                )
            traced = trace(sandbox, sample.program, problem.suite, index, spec.limits)
            parts += [
                inspecting.block(f"Trace of test {index}", traced.trace or "(the program ended without one)", cut),
                inspecting.block("Its whole output", traced.stdout, cut),
            ]
            parts += [inspecting.block("Its whole stderr", traced.stderr, cut)] if traced.stderr else []
    return "\n" + "\n\n".join(parts) + "\n"


def _kind(settings: Settings, chosen: Confinement, runtime: str) -> Confinement:
    if runtime == DEFAULT_RUNTIME:
        return chosen
    found = program_runtime(settings, runtime)
    return replace(chosen, python=found.python, preload=found.preload)


@contextmanager
def _sandbox(settings: Settings, chosen: Confinement) -> Iterator[Sandbox]:
    from farm.judging.open import open_sandbox
    from farm.judging.selftest import require_safe

    python, preload, container = chosen.python, chosen.preload, chosen.container
    if chosen.tier == "none" and not settings.allow_unsandboxed:
        raise ConfigError("--sandbox none needs FARM_ALLOW_UNSANDBOXED=1", remedy="or use --sandbox auto")
    opened = open_sandbox if chosen.tier == "none" else require_safe
    with opened(tier=chosen.tier, python=python, preload=preload, container=container) as sandbox:
        yield sandbox
