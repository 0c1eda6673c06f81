"""Text from models, servers and datasets does nothing in any form of a report."""

from __future__ import annotations

import io
import json
import re
import unicodedata

import pytest

from farm.records import Reference, SampleKey, ServedModel
from farm.reports import markdown
from farm.reports.as_json import as_json
from farm.reports.as_markdown import as_markdown
from farm.reports.table import plain_text, show
from farm.scoring.aggregate import ProblemFacts, SampleFacts, aggregate
from farm.scoring.report import Report
from tests.unit.reports.build import HOSTILE, sample, spec


def hostile(complete: bool) -> Report:
    """Whatever may hold foreign text, holds it."""
    run_spec = spec(
        2,
        model=ServedModel(name=HOSTILE, repo=HOSTILE, device=HOSTILE, engine=HOSTILE),
        references=(Reference(label="gpu_reference", score=10.0, source=f"https://x.example/){HOSTILE}"),),
        servers=(HOSTILE,),
        protocol=HOSTILE,
    )
    data = run_spec.dataset.model_copy(update={"name": HOSTILE, "source": HOSTILE})
    run_spec = run_spec.model_copy(update={"dataset": data})
    problem_id = "<img/src=x>|`_"
    other = SampleFacts(SampleKey(problem_id, 0), unjudged_reason=HOSTILE)
    return aggregate(
        "20260101-000000-run-abcdef",
        run_spec,
        [ProblemFacts("p0", platform=HOSTILE), ProblemFacts(problem_id, platform=HOSTILE)],
        [sample(0, runtime=HOSTILE, sandbox=HOSTILE), judged(problem_id) if complete else other],
    )


def judged(problem_id: str) -> SampleFacts:
    return SampleFacts(SampleKey(problem_id, 0), verdict=sample(0).verdict)


def harmless(text: str) -> bool:
    return not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in text.replace("\n", ""))


@pytest.mark.parametrize("complete", [True, False])
def test_plain_text(complete: bool) -> None:
    shown = plain_text(hostile(complete))
    assert harmless(shown)
    assert "\\x1b[31m\\u202e\\x00" in shown


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("complete", [True, False])
def test_terminal(complete: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    show(hostile(complete), out)
    shown = out.getvalue()
    assert "\x1b[1m" in shown  # rich's own colours
    own = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert harmless(own)
    assert "[red]x[/red]" in own and ":smile:" in own  # neither markup nor emoji codes act
    assert "\x1b[31m" not in shown


def test_a_pipe_gets_plain_text() -> None:
    out = io.StringIO()
    show(hostile(True), out)
    assert out.getvalue() == plain_text(hostile(True))


@pytest.mark.parametrize("complete", [True, False])
def test_markdown(complete: bool) -> None:
    shown = as_markdown(hostile(complete))
    assert harmless(shown)
    assert "<" not in shown
    assert not re.search(r"(?i)(?<!\]\()(https?://|www\.)", shown)  # no link but those farm makes
    assert "](" not in shown.replace("\\](", "")  # and here it makes none: the source is no plain URL
    assert not re.search(r"(?<![A-Za-z0-9])@(?!&#8203;)", shown)
    for row in (row for row in shown.splitlines() if row.startswith("|")):
        assert row.endswith(" |")
    widths = table_widths(shown)
    assert widths and all(len(set(table)) == 1 for table in widths)


def table_widths(text: str) -> list[list[int]]:
    """The number of unescaped pipes of each row, table by table."""
    tables: list[list[int]] = [[]]
    for row in text.splitlines():
        if row.startswith("|"):
            tables[-1].append(len(re.findall(r"(?<!\\)\|", row)))
        elif tables[-1]:
            tables.append([])
    return [table for table in tables if table]


def test_markdown_cells_read_as_the_text() -> None:
    assert markdown.cell("a|b") == "a\\|b"
    assert markdown.cell("a\\|b") == "a\\\\\\|b"
    assert markdown.cell("<b>&amp;") == "&lt;b&gt;&amp;amp;"
    assert markdown.cell("two\nlines") == "two lines"
    assert markdown.cell("tt@1") == "tt@1"
    assert markdown.cell("@team") == "@&#8203;team"


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "https://x/)(y", "https://x y", "https://x/<b>", "https://x\n", "", "HTTPS://é.example/"],
)
def test_a_strange_url_is_no_link(url: str) -> None:
    assert markdown.link("13.93", url) == "13.93"


def test_a_plain_url_is_a_link() -> None:
    assert markdown.link("1|2", "https://x.example/a?b=c#d") == "[1\\|2](https://x.example/a?b=c#d)"


def test_json_is_ascii_and_loads_as_the_record() -> None:
    made = hostile(True)
    text = as_json(made)
    assert text.isascii() and "\x1b" not in text
    value = json.loads(text)
    assert value.pop("score_digest") == made.score_digest()
    assert Report.model_validate_json(json.dumps(value)) == made
