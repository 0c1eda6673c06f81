"""Options that several commands share, and the values they become."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from farm.cli.confinement import PYTHON, SANDBOX
from farm.cli.drive import HowToRun
from farm.errors import ConfigError
from farm.ids import check_run_id
from farm.protocols import Protocol
from farm.records import JudgeSpec, Limits

F = TypeVar("F", bound=Callable[..., Any])


def _all(*options: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


HOW: Callable[[F], F] = _all(
    click.option("--workers", type=click.IntRange(1, 256), help="Programs run at a time; default: one per core."),
    SANDBOX,
    PYTHON,
    click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the report's files."),
)


REQUESTS: Callable[[F], F] = _all(
    click.option(
        "--request-timeout",
        "deadline_s",
        type=click.FloatRange(1, 86400),
        default=1800.0,
        show_default=True,
        help="Seconds for one completion, from its slot on.",
    ),
    click.option(
        "--stall-timeout",
        "stall_s",
        type=click.FloatRange(1, 86400),
        default=120.0,
        show_default=True,
        help="Seconds without a token after the first.",
    ),
)


def _run_id(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else check_run_id(value)
    except ValueError as exc:
        raise ConfigError(f"--run-id: {exc}") from exc


RUN_ID = click.option(
    "--run-id", callback=_run_id, help="Name of the run; default: time, what it runs and six random digits."
)

DATASET: Callable[[F], F] = _all(
    click.option(
        "--tests", type=click.Choice(["all", "public"]), default="all", show_default=True, help="Which tests decide."
    ),
    click.option("--skip-bad-rows", is_flag=True, help="Leave out dataset rows that cannot be read, and count them."),
    click.option("--release", metavar="vN", help="Of a LiveCodeBench folder: v1 to v6."),
)

JUDGE: Callable[[F], F] = _all(
    click.option(
        "--judge",
        type=click.Choice(["lcb", "lcb-tt", "judge"]),
        help="lcb: as the official grader; lcb-tt: as Tenstorrent's; judge: a real process. Default: the protocol's.",
    ),
    click.option("--all-tests", is_flag=True, help="Run all tests of a sample, not only up to the first failure."),
    click.option("--cpu-limit", type=click.FloatRange(0.1, 3600), metavar="S", help="CPU seconds per test; default 6."),
    click.option(
        "--memory-limit", type=click.IntRange(32, 1 << 20), metavar="MIB", help="Memory of a program; default 1024."
    ),
)


def how_to_run(options: dict[str, Any]) -> HowToRun:
    """The HOW and REQUESTS options as a record; takes them out of `options`."""
    names = ("workers", "tier", "python", "deadline_s", "stall_s", "out")
    return HowToRun(**{name: options.pop(name) for name in names if name in options})


def judge_spec(protocol: Protocol, judge: str | None, all_tests: bool) -> JudgeSpec:
    """The protocol's way of judging, with what the user changed."""
    changes: dict[str, Any] = {}
    if judge is not None:
        changes["mode"] = "judge" if judge == "judge" else "lcb"
        # `lcb` alone keeps the variant that the protocol names
        if judge == "lcb-tt":
            changes["variant"] = "tt"
    if all_tests:
        changes["stop"] = "all"
    return protocol.judge.model_copy(update=changes)


def limits(cpu_limit: float | None, memory_limit: int | None) -> Limits:
    """The default limits with what the user changed; the wall limit follows the CPU limit."""
    changes: dict[str, Any] = {}
    if cpu_limit is not None:
        changes.update(cpu_s=cpu_limit, wall_s=max(3 * cpu_limit, cpu_limit + 2))
    if memory_limit is not None:
        changes["memory_bytes"] = memory_limit << 20
    return Limits(**changes)
