"""A report in the terminal: rich tables where there is one, aligned plain text in pipes and files.

Nothing from outside can act on the terminal: each cell goes through `farm.text.one_line`, and rich gets
Text objects, in which markup and emoji codes mean nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from farm.reports import comparing
from farm.reports.cautions import cautions
from farm.reports.section import Section
from farm.reports.sections import brief_sections, headline, next_commands, sections
from farm.scoring.paired import Comparison
from farm.scoring.report import Report
from farm.text import one_line

CELL = 300  # characters of a cell


def show(report: Report, out: TextIO, *, full: bool = True) -> None:
    """Writes the report to `out`, which decides the form; without `full`, the tables that one wants first."""
    shown = sections(report) if full else brief_sections(report)
    _show(headline(report), report.complete, cautions(report), shown, out)


def show_ending(report: Report, paths: Sequence[Path], out: TextIO) -> None:
    """Writes what stays on the screen: the files, the score again, and what one may do next."""
    lines = [*map(str, paths), "", _safe(headline(report)), "next:", *next_commands(report)]
    out.write("\n".join(lines) + "\n")


def show_comparison(comparison: Comparison, out: TextIO) -> None:
    """Writes a comparison of two runs in the same way; what was not equal between them stands first."""
    _show(
        comparing.headline(comparison),
        comparison.same_measurement and comparison.status == "COMPLETE",
        comparing.cautions(comparison),
        comparing.sections(comparison),
        out,
    )


def show_sections(title: str, shown: Sequence[Section], out: TextIO) -> None:
    """Writes sections under a title."""
    _show(title, True, [], shown, out)


def plain_text(report: Report) -> str:
    """The report as aligned columns, without colours or controls."""
    return _text(headline(report), cautions(report), sections(report))


def _show(title: str, good: bool, warned: Sequence[str], shown: Sequence[Section], out: TextIO) -> None:
    if out.isatty():
        _rich(title, good, warned, shown, out)
    else:
        out.write(_text(title, warned, shown))


def _text(title: str, warned: Sequence[str], shown: Sequence[Section]) -> str:
    parts = [_safe(title), *(f"caution: {_safe(caution)}" for caution in warned)]
    parts += ["\n".join(_plain(section)) for section in shown]
    return "\n\n".join(parts) + "\n"


def _safe(text: str) -> str:
    # one_line strips indentation, which means something in a first column
    indent = " " * (len(text) - len(text.lstrip(" ")))
    return indent[:8] + one_line(text, CELL)


def _plain(section: Section) -> list[str]:
    rows = [[_safe(text) for text in row] for row in (section.header, *section.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(section.header))]
    lines = [one_line(section.title)]
    for row in rows:
        if any(row):
            align = str.ljust if section.text else str.rjust
            cells = [row[0].ljust(widths[0]), *map(align, row[1:], widths[1:])]
            lines.append(f"  {'  '.join(cells)}".rstrip())
    return lines + [f"  {one_line(note, 4000)}" for note in section.notes]


def _rich(title: str, good: bool, warned: Sequence[str], shown: Sequence[Section], out: TextIO) -> None:
    # Loaded here: rich costs more than the rest of a `farm` command's start.
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=out)
    console.print(Text(_safe(title), style="bold green" if good else "bold red"))
    for caution in warned:
        console.print(Text(f"caution: {_safe(caution)}", style="yellow"))
    for section in shown:
        table = Table(title=Text(one_line(section.title), style="bold"), title_justify="left", box=SIMPLE_HEAD)
        for column, name in enumerate(section.header):
            table.add_column(Text(name), justify="right" if column and not section.text else "left", overflow="fold")
        for row in section.rows:
            table.add_row(*(Text(_safe(text)) for text in row))
        console.print(table)
        for note in section.notes:
            console.print(Text(one_line(note, 4000)))
