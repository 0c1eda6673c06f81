"""The command line. Each command lives in its own module and is imported when it is called.

So `farm --help` costs what click costs, and a worker never loads what only a report needs.
"""

from __future__ import annotations

import sys
from difflib import get_close_matches
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from farm.version import __version__

COMMANDS: dict[str, tuple[str, str]] = {
    "submit": ("farm.cli.run.submit:submit", "Generate samples with a model, judge them and report pass@k."),
    "grade": ("farm.cli.run.grade:grade", "Judge completions that exist already."),
    "regrade": ("farm.cli.run.regrade:regrade", "Judge the stored completions of a run again, by other rules."),
    "repair": ("farm.cli.run.repair:repair", "Ask again for the programs that failed in a run."),
    "resume": ("farm.cli.look.runs:resume", "Continue a run that was interrupted."),
    "report": ("farm.cli.look.runs:report", "Print and write the report of a run."),
    "inspect": ("farm.cli.look.inspect:inspect", "Look at a run's problems and samples; run one again with a trace."),
    "compare": (
        "farm.cli.compare.compare:compare",
        "Compare runs with the first one, problem by problem; or as repeats.",
    ),
    "gate": ("farm.cli.compare.gate:gate", "Pass or fail a run for CI, against a stored run or its reference score."),
    "export": (
        "farm.cli.compare.export:export",
        "Write a run as the files of lm-eval, tt-inference-server, LiveCodeBench, ...",
    ),
    "import": ("farm.cli.compare.export:import_", "Judge another tool's file of answers as a run."),
    "runs": ("farm.cli.look.runs:runs", "List the runs in the ledger with their scores; remove some."),
    "trend": ("farm.cli.compare.trend:trend", "Show pass@1 of a model on a device over its builds."),
    "ui": ("farm.cli.look.ui:ui", "Serve a read-only site of all runs to a browser."),
    "status": ("farm.cli.look.watch:status", "Say how far a run is and who drives it."),
    "watch": ("farm.cli.look.watch:watch", "Follow a run that is driven elsewhere."),
    "cancel": ("farm.cli.look.watch:cancel", "Pause a run, wherever it is driven."),
    "coordinator": ("farm.cli.operate.coordinator:coordinator", "Drive the runs that were submitted with --detach."),
    "worker": ("farm.cli.operate.worker:worker", "Start a worker that generates, executes or scores."),
    "env": ("farm.cli.operate.env:env", "List, make and remove evaluation environments."),
    "lm-eval": ("farm.cli.run.lm_eval:lm_eval", "Run lm-evaluation-harness with farm as its model."),
    "server": ("farm.cli.serve.server_limit:server", "Model servers: start, look, stop; how many requests they take."),
    "judge-server": ("farm.cli.serve.judge_server:judge_server", "Judge programs for other processes, over HTTP."),
    "workers": ("farm.cli.operate.workers:workers", "List the workers that are connected; ask one to leave."),
    "flower": ("farm.cli.operate.monitor:flower", "Serve Flower, read-only: the queues' tasks and workers."),
    "exporter": ("farm.cli.operate.monitor:exporter", "Serve metrics of runs, queues and workers, and a page of them."),
    "init-cluster": (
        "farm.cli.operate.init_cluster:init_cluster",
        "Write the secrets and settings of a cluster of containers.",
    ),
    "image": ("farm.cli.serve.image:image", "Build the images of farm's own workers."),
    "dataset": ("farm.cli.run.dataset:dataset", "Pull, list, show and verify datasets."),
    "models": ("farm.cli.serve.models:models", "List the models and devices of the catalogue."),
    "doctor": ("farm.cli.operate.doctor:doctor", "Say what this host offers, and what to do about what it lacks."),
    "help": ("farm.cli.about:help_", "Show the help of farm, or of one of its commands."),
    "version": ("farm.cli.about:version", "Print the version."),
    "completion": ("farm.cli.about:completion", "Print what makes a shell complete commands, options and runs."),
}

# The order of `farm --help`
GROUPS: dict[str, tuple[str, ...]] = {
    "Run": ("submit", "grade", "import", "regrade", "repair", "resume", "dataset", "lm-eval"),
    "Look": ("report", "inspect", "runs", "status", "watch", "cancel", "ui"),
    "Compare": ("compare", "gate", "trend", "export"),
    "Serve": ("server", "models", "judge-server", "image"),
    "Operate": ("doctor", "coordinator", "worker", "workers", "env", "init-cluster", "flower", "exporter"),
    "About": ("help", "version", "completion"),
}


class LazyGroup(click.Group):
    """A group whose commands are imported on use; their one-line helps are in COMMANDS."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=2)
            hint = f" (Did you mean {' or '.join(map(repr, near))}?)" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """From the table: nothing is imported for it."""
        found = [(name, short) for name, (_, short) in COMMANDS.items() if name.startswith(incomplete)]
        return [CompletionItem(name, help=short) for name, short in found]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name, COMMANDS[name][1]) for name in names])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="farm")
def cli() -> None:
    """Evaluate code-generation models: generate, execute in a sandbox, score.

    Settings come from the environment: FARM_BROKER_URL, FARM_HOME, VLLM_API_KEY, JWT_SECRET and others
    (docs/configuration.md).
    """


def _refuse_other_encodings(arguments: list[str]) -> None:
    """click.UsageError for an argument that is no UTF-8: no ledger, message or report can hold it."""
    for argument in arguments:
        if not argument.isascii() and any("\ud800" <= char <= "\udfff" for char in argument):
            shown = argument.encode("utf-8", "backslashreplace").decode()
            raise click.UsageError(f"an argument that is not UTF-8: {shown[:80]}")


def main() -> None:
    """Run the command line; FarmErrors become one line on stderr and their exit code."""
    from farm.errors import FarmError

    try:
        _refuse_other_encodings(sys.argv[1:])
        result = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("farm: interrupted", err=True)
        sys.exit(130)
    except click.ClickException as exc:
        exc.show()
        sys.exit(exc.exit_code)
    except FarmError as exc:
        from farm.text import one_line

        click.echo(f"farm: {one_line(str(exc), 2000)}", err=True)
        sys.exit(exc.exit_code)
    except OSError as exc:
        click.echo(f"farm: {exc.strerror or exc}: {exc.filename or 'output'}", err=True)
        sys.exit(1)
    sys.exit(result if isinstance(result, int) else 0)
