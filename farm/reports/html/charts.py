"""Charts as inline SVG: drawn here, so that a page needs no library, prints, and reads without scripts.

Colours are classes of the page's style sheet, so that they follow light and dark. Each mark says its
numbers in a `title`; each chart has its numbers in a table of the page as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import floor, log10
from typing import NamedTuple

from farm.reports.html.markup import tag, text

WIDTH = 440
ROW = 26
LABEL = 142  # of a row, pixels
RIGHT = 58  # for the number behind a row
_TOP = 8
_AXIS = 22

Scale = Callable[[float], float]


class Dot(NamedTuple):
    """A value with its interval, as shares of one; `kind` is a class of the style sheet."""

    label: str
    value: float
    low: float
    high: float
    note: str = ""
    kind: str = "own"


class Bar(NamedTuple):
    """A count under a name."""

    label: str
    amount: float
    kind: str = "own"
    shown: str = ""


def dots(title: str, rows: Sequence[Dot]) -> str:
    """Values with intervals, one a row, on a common scale of percent."""
    if not rows:
        return ""
    low, high = min(row.low for row in rows), max(row.high for row in rows)
    step = _step((high - low) * 100 or 10, 5) / 100
    start, end = max(0.0, floor(low / step) * step), min(1.0, (floor(high / step + 0.999)) * step)
    end = max(end, start + step)
    place = _scale(start, end, LABEL, WIDTH - RIGHT)
    height = _TOP + ROW * len(rows) + _AXIS
    parts = _grid([start + i * step for i in range(round((end - start) / step) + 1)], place, height - _AXIS)
    for number, row in enumerate(rows):
        y = _TOP + ROW * number + ROW / 2
        mark = tag(
            "line", x1=_n(place(row.low)), x2=_n(place(row.high)), y1=_n(y), y2=_n(y), class_=f"whisker {row.kind}"
        )
        mark += tag("circle", cx=_n(place(row.value)), cy=_n(y), r=4.5, class_=f"dot {row.kind}")
        parts.append(_row(row.label, y, f"{row.value * 100:.1f} %"))
        parts.append(tag("g", tag("title", text(_told(row))) + mark))
    return _figure(title, height, "".join(parts))


def bars(title: str, rows: Sequence[Bar]) -> str:
    """Counts, one a row."""
    if not rows:
        return ""
    most = max(row.amount for row in rows) or 1
    place = _scale(0, most, LABEL, WIDTH - RIGHT)
    parts = []
    for number, row in enumerate(rows):
        y = _TOP + ROW * number + ROW / 2
        shown = row.shown or f"{row.amount:g}"
        width = max(1.0, place(row.amount) - LABEL)
        bar = tag("rect", x=LABEL, y=_n(y - 8), width=_n(width), height=16, rx=2, class_=f"bar {row.kind}")
        parts += [_row(row.label, y, shown), tag("g", tag("title", text(f"{row.label}: {shown}")) + bar)]
    return _figure(title, _TOP + ROW * len(rows) + 4, "".join(parts))


def curve(title: str, points: Sequence[Dot]) -> str:
    """Values with intervals in the order of time: a line in a band."""
    if len(points) < 2:
        return ""
    left, right, top, bottom = 40, WIDTH - 12, 10, 190
    across = _scale(0, len(points) - 1, left, right)
    step = _step(max(point.high for point in points) * 100 or 10, 4) / 100
    ceiling = max(step, step * floor(max(point.high for point in points) / step + 0.999))
    up = _scale(0, ceiling, bottom, top)
    parts = []
    for i in range(round(ceiling / step) + 1):
        y = up(i * step)
        parts.append(tag("line", x1=left, x2=right, y1=_n(y), y2=_n(y), class_="grid"))
        parts.append(tag("text", f"{i * step * 100:.0f}", x=left - 6, y=_n(y + 4), class_="tick end"))
    there = [(across(i), up(p.low)) for i, p in enumerate(points)]
    back = [(across(i), up(p.high)) for i, p in enumerate(points)]
    parts.append(tag("polygon", points=_points([*back, *reversed(there)]), class_="band"))
    parts.append(
        tag("polyline", points=_points([(across(i), up(p.value)) for i, p in enumerate(points)]), class_="line")
    )
    every = max(1, -(-len(points) // 5))
    for i, p in enumerate(points):
        dot = tag("circle", cx=_n(across(i)), cy=_n(up(p.value)), r=4, class_="dot own")
        parts.append(tag("g", tag("title", text(_told(p))) + dot))
        if i % every == 0:
            anchor = "start" if i == 0 else "end" if i == len(points) - 1 else "middle"
            parts.append(tag("text", text(p.label, 20), x=_n(across(i)), y=bottom + 18, class_=f"tick {anchor}"))
    return _figure(title, bottom + 26, "".join(parts))


def histogram(title: str, values: Sequence[float], unit: str, bins: int = 24) -> str:
    """How many values lie where."""
    if not values:
        return ""
    most = max(values) or 1.0
    step = _step(most, bins)
    counts = [0] * (floor(most / step) + 1)
    for value in values:
        counts[floor(value / step)] += 1
    columns = [(i * step, (i + 1) * step, float(count)) for i, count in enumerate(counts)]
    return _columns(title, columns, unit, "samples", fmt=lambda v: f"{v:g}")


def over_time(title: str, heights: Sequence[float], total_s: float, what: str) -> str:
    """A quantity in equal steps of time from the start on; `total_s` is where the last one ends."""
    if not heights or not any(heights):
        return ""
    width = total_s / len(heights)
    columns = [(i * width, (i + 1) * width, height) for i, height in enumerate(heights)]
    return _columns(title, columns, "", what, fmt=clock)


def clock(seconds: float) -> str:
    """Seconds as 5 s, 3:20 or 2:05:00."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _columns(
    title: str, columns: Sequence[tuple[float, float, float]], unit: str, what: str, fmt: Callable[[float], str]
) -> str:
    left, right, top, bottom = 46, WIDTH - 12, 10, 150
    start, end = columns[0][0], columns[-1][1]
    across = _scale(start, end, left, right)
    highest = max(height for _, _, height in columns) or 1
    step = _step(highest, 4)
    ceiling = step * floor(highest / step + 0.999)
    up = _scale(0, ceiling, bottom, top)
    parts = []
    for i in range(round(ceiling / step) + 1):
        y = up(i * step)
        parts.append(tag("line", x1=left, x2=right, y1=_n(y), y2=_n(y), class_="grid"))
        parts.append(tag("text", f"{i * step:g}", x=left - 6, y=_n(y + 4), class_="tick end"))
    for low, high, height in columns:
        if height:
            told = f"{fmt(low)} to {fmt(high)} {unit}: {height:.4g} {what}"
            x, width = across(low), max(1.0, across(high) - across(low) - 1)
            bar = tag(
                "rect", x=_n(x), y=_n(up(height)), width=_n(width), height=_n(bottom - up(height)), class_="bar own"
            )
            parts.append(tag("g", tag("title", text(told)) + bar))
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        value = start + (end - start) * share
        label = f"{fmt(value)} {unit}".strip()
        parts.append(tag("text", text(label), x=_n(across(value)), y=bottom + 18, class_=f"tick {anchor}"))
    return _figure(f"{title} ({what})", bottom + 26, "".join(parts))


def _figure(title: str, height: float, drawn: str) -> str:
    svg = tag(
        "svg", tag("title", text(title)) + drawn, viewBox=f"0 0 {WIDTH} {_n(height)}", role="img", aria_label=title,
        xmlns="http://www.w3.org/2000/svg",
    )  # fmt: skip
    return tag("figure", tag("figcaption", text(title)) + svg)


def _told(dot: Dot) -> str:
    note = f", {dot.note}" if dot.note else ""
    return f"{dot.label}: {dot.value * 100:.2f} % ({dot.low * 100:.2f} to {dot.high * 100:.2f} %){note}"


def _row(label: str, y: float, shown: str) -> str:
    name = label if len(label) <= 17 else f"{label[:16]}…"
    full = tag("title", text(label)) + text(name)
    return tag("text", full, x=LABEL - 8, y=_n(y + 4), class_="label end") + tag(
        "text", text(shown), x=WIDTH - 4, y=_n(y + 4), class_="label end"
    )


def _grid(values: Sequence[float], place: Scale, bottom: float) -> list[str]:
    parts = []
    every = max(1, len(values) // 5)
    for i, value in enumerate(values):
        x = _n(place(value))
        parts.append(tag("line", x1=x, x2=x, y1=_TOP, y2=_n(bottom), class_="grid"))
        if i % every == 0:
            shown = f"{round(value * 100, 6):g} %"
            parts.append(tag("text", shown, x=x, y=_n(bottom + 16), class_="tick middle"))
    return parts


def _scale(low: float, high: float, start: float, end: float) -> Scale:
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def _step(span: float, wanted: int) -> float:
    """A round step that divides `span` into about `wanted` parts."""
    rough = span / wanted if span > 0 else 1.0
    power = 10.0 ** floor(log10(rough))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in places)


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
