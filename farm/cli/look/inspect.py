"""`farm inspect`: a run, a problem or a sample in the terminal; a program executed again, with a trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from farm.app.home import blob_store, open_ledger
from farm.cli.options.confinement import CONFINEMENT
from farm.cli.options.group import gathered
from farm.cli.options.run_name import RUN
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


@dataclass(frozen=True, slots=True)
class View:
    """What of a run is shown, and how."""

    verdict: str | None  # only problems that have such a sample
    rerun: bool
    test: int | None  # to trace; None: the first that failed
    debug: Path | None
    full: bool
    as_json: bool
    confinement: Confinement

    @property
    def cut(self) -> int:
        """Characters after which a text is cut."""
        return inspecting.EVERYTHING if self.full else inspecting.CUT


VIEW = gathered(
    "view",
    View,
    click.option("--verdict", type=click.Choice(VERDICTS), help="List only problems that have such a sample."),
    click.option("--rerun", is_flag=True, help="Execute the sample again in the sandbox: all its tests, and a trace."),
    click.option(
        "--test", "test", type=click.IntRange(0), help="With --rerun: the test to trace; default: the first failed."
    ),
    click.option(
        "--debug", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
        help="Write debug artefacts there: generation, program, test inputs, results, times, trace.",
    ),
    click.option("--full", is_flag=True, help="Cut no text."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON: an object, or a line for each sample."),
    CONFINEMENT,
)  # fmt: skip


@click.command()
@click.argument("run_id", type=RUN, metavar="RUN")
@click.argument("what", required=False, metavar="[PROBLEM[#INDEX]]")
@VIEW
def inspect(run_id: str, what: str | None, view: View) -> int:
    """Look at a run: all its problems, one of them, or one sample with its answer, program and tests.

    Shows hidden tests. Controls and marks of writing direction in a model's text are shown as escapes.
    """
    settings = load()
    problem_id, index = _parse(what)
    if view.rerun and problem_id is None:
        raise ConfigError("--rerun executes one sample", remedy="name it: farm inspect RUN PROBLEM#INDEX --rerun")
    with open_ledger(settings) as ledger:
        spec = ledger.run(run_id).spec
        load_blob = blob_store(settings).get
        if problem_id is None:
            _run(problem_details(ledger, run_id, load_blob), view)
            return 0
        problem = problem_detail(ledger, run_id, problem_id, load_blob)
    if index is None and len(problem.samples) == 1:
        index = problem.samples[0].key.index
    if index is None and not view.rerun:
        _problem(problem, view)
        return 0
    sample = _sample(problem, index or 0)
    trace = ""
    if view.as_json:
        click.echo(inspecting.pretty_json(inspecting.as_value(problem, sample)), nl=False)
    else:
        click.echo(inspecting.sample_text(problem, sample, view.cut), nl=False)
    if view.rerun:
        trace = _rerun(settings, spec, problem, sample, view)
        click.echo(trace, nl=False, err=view.as_json)
    if view.debug:
        click.echo(str(write_artefacts(problem, sample, view.debug, trace)), err=view.as_json)
    return 0


def _parse(what: str | None) -> tuple[str | None, int | None]:
    if what is None or "#" not in what:
        return what, None
    try:
        key = SampleKey.parse(what)
    except ValueError as exc:
        raise ConfigError(str(exc)) from exc
    return key.problem_id, key.index


def _sample(problem: ProblemDetail, index: int) -> SampleDetail:
    for sample in problem.samples:
        if sample.key.index == index:
            return sample
    raise ConfigError(f"problem {problem.problem_id} has no sample {index} in this run")


def _run(problems: Iterator[ProblemDetail], view: View) -> None:
    def kept() -> Iterator[ProblemDetail]:
        for problem in problems:
            if view.verdict is None or any(s.verdict == view.verdict for s in problem.samples):
                _write(problem, view)
                yield problem

    if view.as_json:
        _json_lines(kept())
        return
    for line in inspecting.overview(kept(), view.verdict):
        click.echo(line)


def _problem(problem: ProblemDetail, view: View) -> None:
    if view.as_json:
        _json_lines(iter([problem]))
    else:
        click.echo(inspecting.problem_text(problem, view.cut), nl=False)
    _write(problem, view)


def _json_lines(problems: Iterator[ProblemDetail]) -> None:
    for problem in problems:
        for sample in problem.samples:
            click.echo(inspecting.json_line(inspecting.as_value(problem, sample)))


def _write(problem: ProblemDetail, view: View) -> None:
    if view.debug is None:
        return
    for sample in problem.samples:
        write_artefacts(problem, sample, view.debug)


def _rerun(
    settings: Settings, spec: RunSpec, problem: ProblemDetail, sample: SampleDetail, view: View
) -> str:  # fmt: skip
    """What an execution on this machine shows, as text."""
    from farm.judging.tracing import trace

    if problem.suite is None:
        raise ConfigError(f"the stored tests of {problem.problem_id} are gone", remedy="bring back FARM_HOME's blobs")
    if sample.program is None:
        raise ConfigError(f"{sample.key} holds no code to execute")
    cut = view.cut
    with _sandbox(settings, _kind(settings, view.confinement, spec.judge.runtime)) as sandbox:
        judge = spec.judge.model_copy(update={"stop": "all", "repeats": 1})
        again = sandbox.evaluate(sample.program, problem.suite, judge, spec.limits)
        same = "the same as recorded" if again.verdict.value == sample.verdict else f"recorded is {sample.verdict}"
        rows = [["test", "verdict", "CPU", "what happened"]]
        rows += [[str(c.index), c.verdict.value, f"{c.cpu_s:.3f} s", inspecting.how(c)] for c in again.cases]
        parts = [
            f"Executed again, tier {sandbox.info.tier}: {again.verdict.value}, {same}\n{inspecting.aligned(rows)}",
            *(inspecting.case_text(problem, c, cut) for c in again.cases if c.verdict is not Verdict.PASSED),
        ]
        if problem.suite.asserts is None and again.verdict is not Verdict.SYNTAX_ERROR:
            index = view.test if view.test is not None else again.first_failure or 0
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
