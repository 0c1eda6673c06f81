"""How a run is judged and driven: the groups of options that several commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from farm.app.requests import Judging, RunOptions, SuiteChoice
from farm.app.suites.choose import MODES, read_documents
from farm.cli.options.confinement import CONFINEMENT
from farm.cli.options.fields import field_option, field_options, given
from farm.cli.options.group import gathered
from farm.errors import ConfigError
from farm.ids import RUNTIME_PATTERN, check_run_id
from farm.lm_eval.runs.task import TaskChoice, refuse_without_task
from farm.records import DriveOptions, JudgeSpec, Limits, Sampling
from farm.records.fields import options_of
from farm.text import one_line


def checked_run_id(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """The callback of an option that names a run."""
    try:
        return None if value is None else check_run_id(value)
    except ValueError as exc:
        raise ConfigError(f"{option.opts[0]}: {exc}") from exc


RUN_ID = click.option(
    "--run-id", callback=checked_run_id, help="Name of the run; default: time, what it runs and six random digits."
)

SAMPLING = gathered(
    "sampling",
    lambda **values: given(Sampling, values),
    field_options(Sampling),
    takes=options_of(Sampling),
)

# --- how programs are judged --------------------------------------------------------------------


def _judging(
    judge: str | None,
    program_runtime: str | None,
    all_tests: bool,
    repeats: int | None,
    cpu_limit: float | None,
    memory_limit: int | None,
    no_cache: bool,
) -> Judging:
    return Judging(_judge(judge, program_runtime, all_tests, repeats), _limits(cpu_limit, memory_limit), not no_cache)


_VARIANTS = {"lcb-tt": "tt", "lcb-2025-01": "official-2025-01"}


def _judge(judge: str | None, runtime: str | None, all_tests: bool, repeats: int | None) -> JudgeSpec:
    """ConfigError if `runtime` is no name of one."""
    chosen: dict[str, Any] = {}
    if judge is not None:
        chosen["mode"] = "judge" if judge == "judge" else "lcb"
        # `lcb` alone keeps the variant that the protocol names
        if judge in _VARIANTS:
            chosen["variant"] = _VARIANTS[judge]
    if all_tests:
        chosen["stop"] = "all"
    if repeats is not None:
        chosen["repeats"] = repeats
    if runtime is not None:
        if not re.fullmatch(RUNTIME_PATTERN, runtime):
            raise ConfigError(f"--program-runtime {one_line(runtime, 40)}: no name of a runtime")
        chosen["runtime"] = runtime
    return JudgeSpec(**chosen)


def _limits(cpu_limit: float | None, memory_limit: int | None) -> Limits:
    """The limit of wall time follows that of CPU time."""
    chosen: dict[str, Any] = {}
    if cpu_limit is not None:
        chosen.update(cpu_s=cpu_limit, wall_s=max(3 * cpu_limit, cpu_limit + 2))
    if memory_limit is not None:
        chosen["memory_bytes"] = memory_limit << 20
    return Limits(**chosen)


JUDGING = gathered(
    "judging",
    _judging,
    click.option(
        "--judge",
        type=click.Choice(["lcb", "lcb-2025-01", "lcb-tt", "judge"]),
        help="lcb: as the official grader; lcb-2025-01: as it was until May 2025; lcb-tt: as Tenstorrent's; judge: a "
        "real process. Default: the protocol's.",
    ),
    click.option(
        "--program-runtime", metavar="NAME", help="What programs import: a runtime of FARM_PROGRAM_RUNTIMES on workers."
    ),
    click.option("--all-tests", is_flag=True, help="Run all tests of a sample, not only up to the first failure."),
    field_option(JudgeSpec, "repeats"),
    click.option("--cpu-limit", type=click.FloatRange(0.1, 3600), metavar="S", help="CPU seconds per test; default 6."),
    click.option(
        "--memory-limit", type=click.IntRange(32, 1 << 20), metavar="MIB", help="Of a program; default 1024, lcb: 4096."
    ),
    click.option(
        "--no-cache",
        is_flag=True,
        help="Execute each program, also where the same was executed on the same tests before.",
    ),
)

# --- how a run is driven ------------------------------------------------------------------------

_DRIVEN_HERE = (
    click.option("--workers", type=click.IntRange(1, 256), help="Programs run at a time; default: one per core."),
    CONFINEMENT,
    click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the report's files."),
    click.option("--detach", is_flag=True, help="Leave it to a farm coordinator, and return at once."),
)
_REQUESTS = gathered(
    "drive",
    lambda **values: given(DriveOptions, values),
    field_options(DriveOptions, show_defaults=True),
    takes=options_of(DriveOptions),
)

# Of a run that only judges, and of one that also asks a model server
JUDGE_OPTIONS = gathered("options", RunOptions, *_DRIVEN_HERE)
RUN_OPTIONS = gathered("options", RunOptions, _REQUESTS, *_DRIVEN_HERE)

# --- a task of lm-eval --------------------------------------------------------------------------


def _suite(all_tasks: bool, mode: str | None, eval_samples: str | None) -> SuiteChoice | None:
    if not all_tasks:
        if mode is not None or eval_samples is not None:
            raise ConfigError("--mode and --eval-samples: only with --all-tasks")
        return None
    return SuiteChoice(mode or "full", {} if eval_samples is None else read_documents(eval_samples))


SUITE = gathered(
    "suite",
    _suite,
    click.option(
        "--all-tasks", is_flag=True, help="Run all eval tasks of the model that can be run here (farm models show)."
    ),
    click.option(
        "--mode",
        type=click.Choice(MODES),
        help="Of --all-tasks: how many documents of each; default: full. smoke-test takes 3, the others as "
        "tt-inference-server does.",
    ),
    click.option(
        "--eval-samples", metavar="JSON", help='Of --all-tasks: documents by their place, as {"TASK": [0, 5]}.'
    ),
)


def _task(
    task: str | None,
    environment: str | None,
    include_path: Path | None,
    num_fewshot: int | None,
    gen_kwargs: str | None,
    plain_prompts: bool,
) -> TaskChoice | None:
    named = TaskChoice(task or "", environment, include_path, num_fewshot, gen_kwargs, plain_prompts)
    if task is None:
        refuse_without_task(named)
        return None
    return named


TASK = gathered(
    "task",
    _task,
    click.option(
        "--task",
        metavar="NAME|YAML",
        help="Run a task of lm-evaluation-harness as it is there; results in its layout too.",
    ),
    click.option(
        "--env", "environment", metavar="NAME", help="Of --task: its environment (farm env); default: its own."
    ),
    click.option(
        "--include-path",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Of --task: a folder with tasks of your own.",
    ),
    click.option("--num-fewshot", type=click.IntRange(0), help="Of --task: worked examples; default: the task's."),
    click.option("--gen-kwargs", metavar="K=V,...", help="Of --task: generation arguments, over the task's own."),
    click.option("--plain-prompts", is_flag=True, help="Of --task: texts to /v1/completions, not conversations."),
)
