"""A command of many options whose help begins with the common ones; the others follow with --help-all."""

from __future__ import annotations

from typing import Any

import click


class EverydayCommand(click.Command):
    """`--help` lists the options named in `everyday`, in that order; `--help-all` lists all."""

    def __init__(self, *arguments: Any, everyday: tuple[str, ...], **values: Any) -> None:
        super().__init__(*arguments, **values)
        self.everyday = everyday
        self.params.append(
            click.Option(
                ["--help-all"], is_flag=True, is_eager=True, expose_value=False, callback=self._show_all,
                help="Show all options.",
            )
        )  # fmt: skip

    def _show_all(self, context: click.Context, option: click.Parameter, value: bool) -> None:
        if value and not context.resilient_parsing:
            click.echo(self.whole_help(context))
            context.exit()

    def whole_help(self, context: click.Context) -> str:
        """The help with all options, the common ones first."""
        formatter = context.make_formatter()
        self.format_usage(context, formatter)
        self.format_help_text(context, formatter)
        self._write(context, formatter, others=True)
        return formatter.getvalue().rstrip("\n")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self._write(ctx, formatter, others=False)

    def _write(self, context: click.Context, formatter: click.HelpFormatter, *, others: bool) -> None:
        known = {param.name: param for param in self.get_params(context)}
        first = [known[name] for name in self.everyday]
        rest = [param for param in known.values() if param not in first]
        with formatter.section("Common options"):
            formatter.write_dl([record for param in first if (record := param.get_help_record(context))])
        if others:
            with formatter.section("Other options"):
                formatter.write_dl([record for param in rest if (record := param.get_help_record(context))])
        else:
            formatter.write_paragraph()
            formatter.write_text(f"{len(rest)} more options: {context.command_path} --help-all")
