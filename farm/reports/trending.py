"""A trend as sections, as bars in a terminal, and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from farm.reports.html import charts
from farm.reports.html.charts import Dot
from farm.reports.html.markup import table, tag, text
from farm.reports.html.page import document
from farm.reports.section import Section, percent
from farm.scoring.trend import Trend, TrendPoint

BAR = 30  # characters of a full score
BLOCKS = " ▏▎▍▌▋▊▉"


def section(trend: Trend) -> Section:
    """A row for each build, with a bar that a terminal shows."""
    most = max(point.interval.high for point in trend.points) or 1.0
    rows = tuple(
        (
            point.build, _day(point), str(len(point.runs)), percent(point.mean), _deviation(point),
            f"{point.interval.low * 100:.2f} to {point.interval.high * 100:.2f} %", _bar(point.mean / most),
        )
        for point in trend.points
    )  # fmt: skip
    notes = (
        "Several runs of a build are one figure: their mean, and the standard deviation between them, in points. "
        "The interval is of one run on other problems like these.",
    )
    header = ("build", "first run", "runs", "pass@1", "deviation", "95 % interval", "")
    return Section(f"{trend.model} on {trend.device}: {trend.measurement}", header, rows, notes, text=True)


def page(trends: Sequence[Trend]) -> str:
    """All lines as one page without network or script."""
    header = tag("header", tag("p", "pass@1 over builds", class_="kicker") + tag("h1", "Trend"))
    return document("Trend", header + trend_parts(trends))


def trend_parts(trends: Sequence[Trend]) -> str:
    """A plot and a table for each line."""
    parts = []
    for trend in trends:
        dots = [
            Dot(p.build, p.mean, p.interval.low, p.interval.high, f"{len(p.runs)} run(s), {_day(p)}")
            for p in trend.points
        ]
        title = f"{trend.model} on {trend.device}"
        drawn = charts.curve(f"{title}, percent", dots) or charts.dots(title, dots)
        shown = section(trend)
        plain = Section(shown.title, shown.header[:-1], tuple(row[:-1] for row in shown.rows), shown.notes, shown.text)
        parts.append(tag("h2", text(title)) + tag("div", drawn, class_="charts") + table(plain))
    return "".join(parts)


def _day(point: TrendPoint) -> str:
    return datetime.fromtimestamp(point.first_at, UTC).strftime("%Y-%m-%d")


def _deviation(point: TrendPoint) -> str:
    return "-" if point.deviation is None else f"{point.deviation * 100:.2f}"


def _bar(share: float) -> str:
    eighths = round(share * BAR * 8)
    return "█" * (eighths // 8) + BLOCKS[eighths % 8].strip()
