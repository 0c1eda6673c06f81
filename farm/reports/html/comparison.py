"""A comparison of runs as a page: differences first, then the test, then every flip with links to both reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from farm.reports import comparing
from farm.reports.html import charts
from farm.reports.html.charts import Bar, Dot
from farm.reports.html.markup import paragraphs, table, tag, text
from farm.reports.html.page import document
from farm.reports.section import Section
from farm.scoring.paired import Comparison, Flip
from farm.scoring.statistics import wilson


def comparison_page(comparisons: Sequence[Comparison], pages: Mapping[str, Path]) -> str:
    """The document. `pages`: the report.html of runs that have one, for the links."""
    title = ", ".join(f"{c.run_b} against {c.run_a}" for c in comparisons)
    addresses = {run_id: page.absolute().as_uri() for run_id, page in pages.items()}
    return document(title, "".join(comparison_part(each, addresses) for each in comparisons))


def comparison_part(comparison: Comparison, addresses: Mapping[str, str]) -> str:
    """One comparison; `addresses` of the runs' reports, to which flips lead."""
    test = comparison.test
    state = "INCOMPLETE" if test is None else test.standing
    kind = {"higher": "good", "lower": "bad", "INCOMPLETE": "bad"}.get(state, "")
    pair = f"{comparison.run_b} against {comparison.run_a}"
    header = tag(
        "header",
        tag("p", "paired by problem", class_="kicker")
        + tag("h1", f"{text(pair, 200)} {tag('span', text(state), class_=f'badge {kind}')}")
        + tag("p", text(comparing.headline(comparison), 1000), class_="headline"),
    )  # fmt: skip
    plain = [section for section in comparing.sections(comparison) if not section.title.startswith("Solved more")]
    parts = [header, paragraphs(comparing.cautions(comparison), "cautions"), _charts(comparison)]
    parts += [table(section) for section in plain]
    for name, flips in (("second", comparison.better_b), ("first", comparison.better_a)):
        parts.append(_flips(f"Solved more often by the {name} run: {len(flips)}", flips, comparison, addresses))
    return "".join(parts)


def _charts(comparison: Comparison) -> str:
    test = comparison.test
    if test is None:
        return ""
    dots = []
    for name, score in ((comparison.run_a, test.score_a), (comparison.run_b, test.score_b)):
        around = wilson(score, comparison.problems)
        dots.append(Dot(name, score, around.low, around.high, "Wilson, unpaired"))
    flips = [
        Bar("the second run", len(comparison.better_b), "good"),
        Bar("the first run", len(comparison.better_a), "bad"),
        Bar("neither", comparison.problems - len(comparison.better_a) - len(comparison.better_b), "other"),
    ]  # fmt: skip
    drawn = charts.dots("pass@1 of both runs", dots) + charts.bars("Problems solved more often by", flips)
    return tag("div", drawn, class_="charts")


def _flips(title: str, flips: Sequence[Flip], comparison: Comparison, addresses: Mapping[str, str]) -> str:
    if not flips:
        return table(Section(title, ("problem",), (), ("None.",)))
    head = "".join(tag("th", name, scope="col") for name in ("problem", "first run", "second run"))
    rows = []
    for flip in flips:
        sides = (
            (comparison.run_a, f"{flip.passed_a}/{flip.samples_a} {flip.verdict_a.value}"),
            (comparison.run_b, f"{flip.passed_b}/{flip.samples_b} {flip.verdict_b.value}"),
        )
        cells = [tag("td", _linked(told, addresses.get(run_id), flip.problem_id)) for run_id, told in sides]
        rows.append(tag("tr", tag("th", text(flip.problem_id), scope="row") + "".join(cells)))
    body = tag("table", tag("thead", tag("tr", head)) + tag("tbody", "".join(rows)), class_="text")
    return tag("section", tag("h2", text(title)) + tag("div", body, class_="scroll", tabindex=0))


def _linked(told: str, address: str | None, problem_id: str) -> str:
    if address is None:
        return text(told)
    return tag("a", text(told), href=f"{address}#{quote(problem_id, safe='')}")
