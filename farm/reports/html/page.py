"""A report as one HTML file: what the other forms say, charts, and a table of all problems that opens.

The file loads nothing: its style and its script stand in it, and a content policy allows only these two,
by hash. All other text goes through `markup`, or lies compressed in blocks that the script sets as plain text.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from typing import BinaryIO

from farm.reports.cautions import cautions
from farm.reports.details import ProblemDetail
from farm.reports.html import charts
from farm.reports.html.charts import Bar, Dot
from farm.reports.html.embedded import Embedder
from farm.reports.html.facts import Row, RunFacts
from farm.reports.html.markup import paragraphs, table, tag, text
from farm.reports.section import Section
from farm.reports.sections import CHECKS, headline, sections
from farm.scoring.accuracy import AccuracyCheck
from farm.scoring.report import Group, Report
from farm.scoring.statistics import wilson

SLOWEST = 10
TRUNCATED_SHOWN = 60
KINDS = 12


def write_page(report: Report, problems: Iterable[ProblemDetail], file: BinaryIO) -> None:
    """Writes the page of a report. `problems` are its run's, in dataset order; one is in memory at a time."""
    facts, embedder = RunFacts(), Embedder(report.coverage.problems)
    chunks: list[str] = []
    rows: list[str] = []
    for problem in problems:
        row = facts.add(problem)
        chunk = embedder.chunk(problem)
        chunks.append(chunk.data)
        rows.append(_row(len(rows), row, cut=chunk.cut))
    body = [
        _header(report),
        paragraphs(cautions(report), "cautions"),
        tag("div", "".join(part for part in _charts(report, facts) if part), class_="charts"),
        _problems(rows, report),
        "".join(table(section) for section in (*_slowest(facts), *sections(report))),
        tag("footer", tag("p", text(f"farm {report.versions.farm}, run {report.run_id}, {report.score_digest()}"))),
    ]
    title = f"{report.run_id}: {headline(report)}"
    blocks = "\n".join(tag("script", data, type="text/plain", id=f"c{number}") for number, data in enumerate(chunks))
    file.write(document(title, "".join(body), asset("report.js"), blocks).encode())


def document(title: str, body: str, script: str = "", blocks: str = "", *, served: bool = False) -> str:
    """A whole document that may load nothing and run nothing but this script; `blocks` are its data.

    `served`: it comes from farm's own server, which its script and its forms may ask.
    """
    style = asset("page.css")
    asked = "'self'; connect-src 'self'" if served else "'none'"
    policy = f"default-src 'none'; style-src {_hash(style)}; base-uri 'none'; form-action {asked}"
    if script:
        policy += f"; script-src {_hash(script)}"
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{text(title)}</title><style>{style}</style>"
    )
    code = f"<script>{script}</script>" if script else ""
    page = f"<head>{head}</head>\n<body><main>{body}</main>\n{blocks}{code}</body>"
    return f'<!doctype html>\n<html lang="en">{page}</html>\n'


@cache
def asset(name: str) -> str:
    """One of the files in this module's folder."""
    return (files("farm.reports.html") / name).read_text(encoding="utf-8")


def _hash(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


# --- the top ------------------------------------------------------------------------------------


def _header(report: Report) -> str:
    spec, check = report.spec, report.references
    who = spec.eval_task if spec.model is None else f"{spec.model.name} on {spec.model.device}"
    status = "RUNNING" if report.telemetry.running else report.status
    state = CHECKS[check.accuracy_check] if check.accuracy_check is not AccuracyCheck.NA else status
    kind = {"PASS": "good", "COMPLETE": "good", "FAIL": "bad", "INCOMPLETE": "bad", "RUNNING": ""}[state]
    what = f"{spec.dataset.name}, {spec.dataset.problems} problems, protocol {spec.protocol}"
    return tag(
        "header",
        tag("p", text(what), class_="kicker")
        + tag("h1", text(who) + " " + tag("span", text(state), class_=f"badge {kind}"))
        + tag("p", text(headline(report), 1000), class_="headline"),
    )


def _charts(report: Report, facts: RunFacts) -> list[str]:
    months = [dot for dot in _groups(report.by_month) if dot.label != "unknown"]
    tokens_s, tokens_of = facts.throughput()
    slots, slots_of = facts.slots()
    judged, judged_of = facts.judging()
    return [
        charts.dots("This run and the reference scores, 95 % intervals", _references(report)),
        charts.dots(
            "pass@k, 95 % intervals",
            [Dot(f"pass@{p.k}", p.score, p.interval.low, p.interval.high) for p in report.pass_at_k],
        ),
        charts.dots("By difficulty", _groups(report.by_difficulty)),
        charts.dots("By platform", _groups(report.by_platform)),
        charts.curve("By contest month: the contamination curve, percent", months),
        charts.bars("Verdicts", _verdicts(report)),
        charts.bars(
            "What went wrong, by exception, signal or limit",
            [Bar(kind, count, "bad") for kind, count in facts.kinds.most_common(KINDS)],
        ),
        charts.histogram("Length of answers", facts.tokens, "tokens"),
        charts.histogram("Latency of answers", facts.latencies, "s"),
        charts.over_time("Throughput over time", tokens_s, tokens_of, "tokens a second"),
        charts.over_time("Slots in use over time", slots, slots_of, "requests under way"),
        charts.over_time("Judging over time", judged, judged_of, "samples a minute"),
    ]


def _references(report: Report) -> list[Dot]:
    score = report.pass_at_1
    if score is None:
        return []
    dots = [Dot("this run", score.score, score.interval.low, score.interval.high)]
    for row in report.references.rows:
        if row.unlike or not 0 <= row.score <= 100:
            continue
        share, name = row.score / 100, row.label.replace("_", " ")
        if row.problems is None:
            dots.append(Dot(name, share, share, share, "taken as exact", "other"))
        else:
            around = wilson(share, row.problems)
            dots.append(Dot(name, share, around.low, around.high, f"of {row.problems} problems", "other"))
    return dots if len(dots) > 1 else []


def _groups(groups: Iterable[Group]) -> list[Dot]:
    return [
        Dot(g.name, g.pass_at_1, g.interval.low, g.interval.high, f"{g.problems} problems")
        for g in groups
        if g.pass_at_1 is not None and g.interval is not None
    ]


def _verdicts(report: Report) -> list[Bar]:
    total = report.coverage.planned
    bars = [
        Bar(name, count, "good" if name == "PASSED" else "bad", f"{count / total * 100:.1f} %")
        for name, count in sorted(report.verdicts.items(), key=lambda item: (item[0] != "PASSED", -item[1]))
    ]
    if report.coverage.unjudged:
        share = report.coverage.unjudged / total
        bars.append(Bar("UNJUDGED", report.coverage.unjudged, "other", f"{share * 100:.1f} %"))
    return bars


def _slowest(facts: RunFacts) -> list[Section]:
    def top(title: str, value: Callable[[Row], float | None], unit: str) -> Section:
        ranked = sorted((row for row in facts.rows if value(row)), key=lambda row: -(value(row) or 0))[:SLOWEST]
        rows = tuple((row.problem_id, row.title, f"{value(row) or 0:.2f} {unit}") for row in ranked)
        return Section(title, ("problem", "title", ""), rows, text=True)

    found = [
        top("Slowest to answer", lambda row: row.latency_s, "s"),
        top("Slowest to execute", lambda row: row.cpu_s, "s CPU"),
    ]
    if facts.truncated:
        more = len(facts.truncated) - TRUNCATED_SHOWN
        rows = tuple((key,) for key in facts.truncated[:TRUNCATED_SHOWN])
        notes = (f"... and {more} more.",) if more > 0 else ()
        found.append(Section("Answers cut at the token limit", ("sample",), rows, notes, text=True))
    return [section for section in found if section.rows]


# --- the problems -------------------------------------------------------------------------------

COLUMNS = (
    ("problem", "text"), ("title", "text"), ("difficulty", "text"), ("platform", "text"), ("month", "text"),
    ("passed", "number"), ("verdict", "text"), ("tokens", "number"), ("latency", "number"), ("CPU", "number"),
)  # fmt: skip


def _problems(rows: list[str], report: Report) -> str:
    head = "".join(
        tag("th", tag("button", text(name), type="button"), scope="col", data_kind=kind, aria_sort="none")
        for name, kind in COLUMNS
    )
    verdicts = "".join(tag("option", text(name), value=name) for name in (*report.verdicts, "UNJUDGED"))
    verdicts = tag("option", "all", value="") + verdicts
    filters = (
        tag("label", "Find " + tag("input", type="search", id="find", placeholder="id, title, platform, month"))
        + tag("label", "Verdict " + tag("select", verdicts, id="verdict"))
        + tag("label", tag("input", type="checkbox", id="truncated") + " cut answers only")
        + tag("output", f"{len(rows)} problems", id="shown")
    )
    return tag(
        "section",
        tag("h2", "Problems")
        + tag("p", "Open a problem for its statement, answers, programs and tests. / goes to the search, Esc closes. "
              "Control characters and marks of writing direction are shown as escapes. The page holds tests that the "
              "benchmark hides: keep it where its dataset may be.", class_="note")
        + tag("form", filters, class_="filters", role="search")
        + tag("div", tag("table", tag("thead", tag("tr", head)) + tag("tbody", "".join(rows)), id="problems",
                         class_="numbers"), class_="scroll", tabindex=0),
        class_="problems",
    )  # fmt: skip


def _row(number: int, row: Row, *, cut: bool) -> str:
    passed = row.passed == row.samples and row.samples > 0
    verdict = tag("span", text(row.verdict), class_="good" if passed else "bad")
    marked = {"cut": row.truncated, "not deterministic": row.not_deterministic, "shortened": cut}
    marks = ", ".join(mark for mark, applies in marked.items() if applies)
    cells = [
        tag("th", tag("button", text(row.problem_id), type="button", aria_expanded="false"), scope="row"),
        tag("td", text(row.title, 120), class_="text"),
        tag("td", text(row.difficulty)),
        tag("td", text(row.platform)),
        tag("td", text(row.month)),
        tag("td", f"{row.passed}/{row.samples}", data_value=row.passed / row.samples if row.samples else -1),
        tag("td", verdict + tag("small", text(marks)) if marks else verdict),
        tag("td", "-" if row.tokens is None else f"{row.tokens:.0f}", data_value=row.tokens or 0),
        tag("td", "-" if row.latency_s is None else f"{row.latency_s:.2f} s", data_value=row.latency_s or 0),
        tag("td", f"{row.cpu_s:.2f} s", data_value=row.cpu_s),
    ]
    return tag(
        "tr", "".join(cells), data_n=number, data_id=row.problem_id, data_verdict=row.verdict,
        data_cut=1 if row.truncated else None,
    )  # fmt: skip
