"""Options that several commands share, and the values they become."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from farm.app.run import RunOptions
from farm.cli.options.confinement import CONFINEMENT, F, all_of, confinement
from farm.cli.options.fields import field_options, given
from farm.errors import ConfigError
from farm.ids import RUNTIME_PATTERN, check_run_id
from farm.protocols import Protocol
from farm.records import DriveOptions, JudgeSpec, Limits
from farm.records.fields import options_of
from farm.sandbox.confinement import Confinement
from farm.text import one_line

HOW: Callable[[F], F] = all_of(
    click.option("--workers", type=click.IntRange(1, 256), help="Programs run at a time; default: one per core."),
    CONFINEMENT,
    click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the report's files."),
    click.option("--detach", is_flag=True, help="Leave it to a farm coordinator, and return at once."),
)


REQUESTS = field_options(DriveOptions, show_defaults=True)


def named(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """The callback of an option that names a run."""
    try:
        return None if value is None else check_run_id(value)
    except ValueError as exc:
        raise ConfigError(f"{option.opts[0]}: {exc}") from exc


RUN_ID = click.option(
    "--run-id", callback=named, help="Name of the run; default: time, what it runs and six random digits."
)

JUDGE: Callable[[F], F] = all_of(
    click.option(
        "--judge",
        type=click.Choice(["lcb", "lcb-tt", "judge"]),
        help="lcb: as the official grader; lcb-tt: as Tenstorrent's; judge: a real process. Default: the protocol's.",
    ),
    click.option(
        "--program-runtime", metavar="NAME", help="What programs import: a runtime of FARM_PROGRAM_RUNTIMES on workers."
    ),
    click.option("--all-tests", is_flag=True, help="Run all tests of a sample, not only up to the first failure."),
    click.option("--cpu-limit", type=click.FloatRange(0.1, 3600), metavar="S", help="CPU seconds per test; default 6."),
    click.option(
        "--memory-limit", type=click.IntRange(32, 1 << 20), metavar="MIB", help="Of a program; default 1024, lcb: 4096."
    ),
)


TASK: Callable[[F], F] = all_of(
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


CACHE = click.option(
    "--no-cache", is_flag=True, help="Execute each program, also where the same was executed on the same tests before."
)


def how_to_run(options: dict[str, Any]) -> RunOptions:
    """The HOW and REQUESTS options as a record; takes them out of `options`. ConfigError for some with --detach."""
    drive = given(DriveOptions, {name: options.pop(name) for name in options_of(DriveOptions) if name in options})
    plain = {name: options.pop(name) for name in ("workers", "out", "detach") if name in options}
    how = RunOptions(drive=drive, confinement=confinement(options), **plain)
    if how.detach and (how.out or how.workers or how.confinement != Confinement()):
        raise ConfigError(
            "--detach leaves out, workers and sandbox to the coordinator and its workers",
            remedy="leave these options out; later: farm report RUN --out FOLDER",
        )
    return how


def judge_spec(protocol: Protocol, judge: str | None, all_tests: bool, runtime: str | None) -> JudgeSpec:
    """The protocol's way of judging, with what the user changed. ConfigError if `runtime` is no name of one."""
    changes: dict[str, Any] = {}
    if judge is not None:
        changes["mode"] = "judge" if judge == "judge" else "lcb"
        # `lcb` alone keeps the variant that the protocol names
        if judge == "lcb-tt":
            changes["variant"] = "tt"
    if all_tests:
        changes["stop"] = "all"
    if runtime is not None:
        if not re.fullmatch(RUNTIME_PATTERN, runtime):
            raise ConfigError(f"--program-runtime {one_line(runtime, 40)}: no name of a runtime")
        changes["runtime"] = runtime
    return protocol.judge.model_copy(update=changes)


def limits(cpu_limit: float | None, memory_limit: int | None, base: Limits) -> Limits:
    """The `base` limits with what the user changed; wall follows CPU."""
    changes: dict[str, Any] = {}
    if cpu_limit is not None:
        changes.update(cpu_s=cpu_limit, wall_s=max(3 * cpu_limit, cpu_limit + 2))
    if memory_limit is not None:
        changes["memory_bytes"] = memory_limit << 20
    return Limits(**{**dict(base), **changes})
