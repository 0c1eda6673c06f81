"""The page of a suite."""

from __future__ import annotations

from collections.abc import Mapping

from farm.reports.html.markup import table, tag, text
from farm.reports.html.page import document
from farm.reports.suite.sections import headline, sections
from farm.scoring.harness.suite import SuiteReport


def suite_page(report: SuiteReport, addresses: Mapping[str, str]) -> str:
    """The document. `addresses`: of the runs' own pages, by task."""
    kind = {"PASS": "good", "FAIL": "bad", "INCOMPLETE": "bad"}[report.outcome]
    badge = tag("span", text(report.outcome), class_=f"badge {kind}")
    header = tag(
        "header",
        tag("p", "suite", class_="kicker")
        + tag("h1", f"{text(report.suite_id, 200)} {badge}")
        + tag("p", text(headline(report), 1000), class_="headline"),
    )
    parts = [table(section, link=dict(addresses)) for section in sections(report)]
    return document(f"{report.spec.model}: {report.suite_id}", header + "".join(parts))
