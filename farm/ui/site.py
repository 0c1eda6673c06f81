"""The pages of `farm ui`, made from the ledger. This module only reads, and knows nothing of HTTP.

Texts go through `farm.reports.html.markup`, as in reports. A report's page is the file that `farm report`
wrote, if it is there and not older than the run's end; otherwise it is made, and the last few are cached.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from farm.errors import ConfigError
from farm.ledger.counts import RunCounts, run_counts
from farm.ledger.ledger import Ledger, RunRow
from farm.reports.html.comparison import comparison_part
from farm.reports.html.markup import table, tag, text
from farm.reports.html.page import asset, document, write_page
from farm.reports.section import percent
from farm.reports.sections import headline, sections
from farm.reports.trending import trend_parts
from farm.results.comparing import paired_run
from farm.results.details import Load, problem_details
from farm.results.reporting import score_run
from farm.results.scores import scored_runs
from farm.scoring.paired import compare_runs
from farm.scoring.trend import trends
from farm.web.server import Reply

ENDED = ("complete", "incomplete")
COMPARED = 6  # runs at a time


class Site:
    """The site over one ledger. `load` gives stored test suites, `reports` is where `farm report` writes."""

    def __init__(self, ledger: Ledger, load: Load, reports: Path) -> None:
        self._ledger, self._load, self._reports = ledger, load, reports
        self._made: Callable[[str, float | None], bytes] = lru_cache(maxsize=4)(self._make)

    def answer(self, path: str, query: Mapping[str, Sequence[str]]) -> Reply | None:
        """The reply to a path; None if there is no such page. Raises RunNotFound, ConfigError and other FarmErrors."""
        parts = [part for part in path.split("/") if part]
        match parts:
            case []:
                return self._page("Runs", self._runs())
            case ["trend"]:
                return self._page("Trend", self._trend())
            case ["compare"]:
                return self._page("Comparison", self._compare(query.get("run", ())))
            case ["run", run_id]:
                return self._page(run_id, self._run(run_id))
            case ["report", run_id]:
                return Reply(self._report(run_id))
            case ["api", "runs"]:
                counts = run_counts(self._ledger)
                return _json([_facts(row, counts.get(row.run_id, RunCounts())) for row in self._ledger.runs()])
            case ["api", "run", run_id]:
                return _json(self._facts(run_id))
        return None

    def _page(self, title: str, body: str) -> Reply:
        links = (("/", "Runs"), ("/trend", "Trend"))
        nav = tag("nav", "".join(tag("a", name, href=where) for where, name in links))
        return Reply(document(f"farm: {title}", nav + body, asset("ui.js"), served=True).encode())

    # --- runs -----------------------------------------------------------------------------------

    def _facts(self, run_id: str) -> dict[str, Any]:
        row = self._ledger.run(run_id)
        return _facts(row, run_counts(self._ledger, run_id).get(run_id, RunCounts()))

    def _runs(self) -> str:
        counts = run_counts(self._ledger)
        rows = [self._row(row, counts.get(row.run_id, RunCounts())) for row in reversed(self._ledger.runs())]
        if not rows:
            return tag("h1", "Runs") + tag("p", "No runs yet; start one with: farm submit")
        names = ("compare", "run", "planned", "model", "device", "protocol", "dataset", "progress", "passed", "state")
        head = "".join(tag("th", name, scope="col") for name in names)
        shown = tag("table", tag("thead", tag("tr", head)) + tag("tbody", "".join(rows)), id="runs", class_="numbers")
        button = tag("button", "Compare the chosen runs with the oldest of them", type="submit", class_="act")
        form = tag("form", tag("div", shown, class_="scroll", tabindex=0) + tag("p", button), action="/compare")
        return tag("h1", f"Runs: {len(rows)}") + form

    def _row(self, row: RunRow, counts: RunCounts) -> str:
        facts = _facts(row, counts)
        model = row.spec.model
        cells = [
            f'<input type="checkbox" name="run" value="{text(row.run_id)}" aria-label="compare {text(row.run_id)}">',
            tag("a", text(row.run_id), href=f"/run/{quote(row.run_id)}"),
            text(_time(row.created_at)),
            text(model.name if model else "grade"),
            text(model.device if model else "-"),
            text(row.spec.protocol),
            text(row.spec.dataset.name),
            _progress(facts),
            text(facts["passed_share"]),
            tag("span", text(row.state), class_="good" if row.state == "complete" else "", data_field="state"),
        ]
        return tag("tr", "".join(tag("td", cell) for cell in cells), data_run=row.run_id, data_live=_live(row))

    def _run(self, run_id: str) -> str:
        row = self._ledger.run(run_id)
        facts = self._facts(run_id)
        state = tag("span", text(row.state), class_="badge", data_field="state")
        parts = [
            tag("h1", f"{text(run_id)} {state}"),
            tag("p", _progress(facts) + " " + tag("span", text(_words(facts)), data_field="words")),
        ]
        if row.reason:
            parts.append(tag("p", text(row.reason), class_="headline"))
        if row.spec.judged and facts["planned"]:
            report = score_run(self._ledger, run_id)
            link = tag("a", "The whole report: charts, problems, answers and tests", href=f"/report/{quote(run_id)}")
            parts.append(tag("p", text(headline(report), 1000), class_="headline") + tag("p", link))
            parts += [table(section) for section in sections(report)]
        return tag("div", "".join(parts), data_run=run_id, data_live=_live(row))

    # --- reports --------------------------------------------------------------------------------

    def _report(self, run_id: str) -> bytes:
        row = self._ledger.run(run_id)
        written = self._reports / run_id / "report.html"
        ended = row.finished_at if row.state in ENDED else None
        if ended and written.is_file() and written.stat().st_mtime >= ended:
            return written.read_bytes()
        return self._made(run_id, row.finished_at) if row.state in ENDED else self._make(run_id, None)

    def _make(self, run_id: str, _: float | None) -> bytes:
        out = io.BytesIO()
        write_page(score_run(self._ledger, run_id), problem_details(self._ledger, run_id, self._load), out)
        return out.getvalue()

    def _compare(self, runs: Sequence[str]) -> str:
        names = list(dict.fromkeys(runs))
        if not 2 <= len(names) <= COMPARED:
            raise ConfigError(f"choose 2 to {COMPARED} runs to compare")
        names.sort(key=lambda run_id: self._ledger.run(run_id).created_at)
        first, *others = (paired_run(self._ledger, run_id) for run_id in names)
        try:
            comparisons = [compare_runs(first, other) for other in others]
        except ValueError as exc:
            raise ConfigError(str(exc)) from exc
        addresses = {run_id: f"/report/{quote(run_id)}" for run_id in names}
        return "".join(comparison_part(each, addresses) for each in comparisons)

    def _trend(self) -> str:
        found = trends(scored_runs(self._ledger, self._ledger.runs()))
        if not found:
            return tag("h1", "Trend") + tag("p", "No complete run of a model yet.")
        return tag("h1", "Trend") + trend_parts(found)


def _facts(row: RunRow, counts: RunCounts) -> dict[str, Any]:
    passed = counts.verdicts.get("PASSED", 0)
    return {
        "run_id": row.run_id,
        "state": row.state,
        "reason": row.reason,
        "planned": counts.planned,
        "completed": counts.completed,
        "judged": counts.judged,
        "unjudged": counts.unjudged,
        "verdicts": dict(sorted(counts.verdicts.items())),
        "passed_share": percent(passed / counts.judged) if counts.judged else "-",
    }


def _words(facts: Mapping[str, Any]) -> str:
    verdicts = ", ".join(f"{name} {count}" for name, count in facts["verdicts"].items())
    done = f"{facts['judged']}/{facts['planned']} judged, {facts['completed']} answered"
    return f"{done}, {facts['unjudged']} given up. {verdicts}"


def _progress(facts: Mapping[str, Any]) -> str:
    return tag(
        "progress", "", value=facts["judged"] + facts["unjudged"], max=max(1, facts["planned"]), data_field="progress",
        aria_label="judged",
    )  # fmt: skip


def _live(row: RunRow) -> str | None:
    return None if row.state in ENDED else "1"


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M")


def _json(value: Any) -> Reply:
    return Reply(json.dumps(value, ensure_ascii=True).encode(), "application/json")
