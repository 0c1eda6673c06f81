"""The page of a report in a real browser: it loads nothing, runs nothing of a model's, and can be used by keyboard."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from farm.records import CaseResult, Completion, SampleKey, SampleResult, Suite, TestCase, Usage, Verdict
from farm.records import GenerateTelemetry as Told
from farm.reports.details import ProblemDetail, SampleDetail
from farm.reports.html.embedded import Embedder
from farm.reports.html.page import write_page
from farm.scoring.aggregate import ProblemFacts, SampleFacts, aggregate
from farm.scoring.report import Report
from tests.support.browser import Browser, Page, chromium
from tests.unit.reports.build import GPU, spec

HOSTILE = (
    "</pre></script><script>window.hacked=1</script><img src=x onerror=window.hacked=1><svg/onload=window.hacked=1>"
    "<!--]]>{{7*7}} [a](javascript:window.hacked=1) \x00 \x1b[31m\x07 \u202egnp.exe \ud800 &lt;b&gt; ' \" ` @team\r\n"
    "<meta http-equiv=refresh content=0;url=https://evil.example/><link rel=stylesheet href=https://evil.example/x>"
)
HOSTILE_ID = "<img/src=https://evil.example/p>'\"&"
SUITE = Suite(func_name=None, tests=(TestCase(input="1", output="1"), TestCase(input=HOSTILE, output=HOSTILE)))


def sample(problem_id: str, index: int, passed: bool) -> SampleDetail:
    verdict = Verdict.PASSED if passed else Verdict.RUNTIME_ERROR
    failing = CaseResult(
        index=1, verdict=verdict, detail=HOSTILE[:100], stdout_excerpt=HOSTILE, stderr_excerpt=HOSTILE, cpu_s=0.5
    )
    outcome = SampleResult(
        problem_id=problem_id, index=index, verdict=verdict, first_failure=None if passed else 1,
        suite_sha256="3" * 64, judge=spec(1).judge, limits=spec(1).limits, detail="" if passed else HOSTILE[:100],
        cases=(CaseResult(index=0, verdict=Verdict.PASSED), failing), tests_total=2, sandbox="landlock",
        cpu_s=index + 0.5, finished_at=1.7e9 + index,
    )  # fmt: skip
    completion = Completion(
        problem_id=problem_id, index=index, text_sha256="4" * 64, finish_reason="length" if index else "stop",
        usage=Usage(prompt_tokens=9, completion_tokens=40 * (index + 1)),
    )  # fmt: skip
    told = Told(latency_s=2.5, ttft_s=0.1, finished_at=1.7e9 + 3 * index)
    return SampleDetail(SampleKey(problem_id, index), outcome, completion, told, HOSTILE, HOSTILE, HOSTILE)


def problem(problem_id: str, title: str, passed: bool) -> ProblemDetail:
    samples = tuple(sample(problem_id, index, passed) for index in range(2))
    return ProblemDetail(
        problem_id, title, HOSTILE, "easy", "2024-03-01", HOSTILE, None, SUITE, 2, samples
    )  # fmt: skip


PROBLEMS = [problem("good", "Alpha", True), problem(HOSTILE_ID, HOSTILE, False), problem("zeta", "Omega", False)]


def report() -> Report:
    facts = [
        SampleFacts(s.key, verdict=s.outcome.verdict, finish_reason="stop", runtime=HOSTILE)
        for p in PROBLEMS for s in p.samples if isinstance(s.outcome, SampleResult)
    ]  # fmt: skip
    rows = [ProblemFacts(p.problem_id, platform=HOSTILE, contest_date="2024-03-01") for p in PROBLEMS]
    return aggregate("run-1", spec(3, n=2, ks=(1, 2), references=(GPU,), protocol=HOSTILE), rows, facts)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("page") / "report.html"
    with written.open("wb") as file:
        write_page(report(), PROBLEMS, file)
    return written


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as started:
        yield started


def harmless(page: Page, url: str) -> None:
    assert page.run("typeof window.hacked") == "undefined"
    assert page.run("document.querySelectorAll('main img, main iframe, main link, main meta, main script').length") == 0
    assert page.wrong() == []
    assert [asked for asked in page.asked() if asked != url] == []


@pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 390)])
def test_it_opens_without_an_error_and_without_a_request(browser: Browser, path: Path, dark: bool, width: int) -> None:
    page = browser.page(path.as_uri(), dark=dark, width=width)
    assert page.run("document.querySelectorAll('figure svg').length") >= 8
    assert page.run("document.documentElement.scrollWidth") <= width  # wide tables scroll by themselves
    background = page.run("getComputedStyle(document.body).backgroundColor")
    assert ("20, 22, 26" in background) == dark
    harmless(page, path.as_uri())
    assert page.pdf().startswith(b"%PDF")


def test_a_hostile_answer_is_text_where_it_is_shown(browser: Browser, path: Path) -> None:
    page = browser.page(path.as_uri())
    page.run("document.querySelectorAll('#problems tbody th button').forEach((button) => button.click())")
    page.until("document.querySelectorAll('tr.detail details').length >= 12", "the details are there")
    page.run("document.querySelectorAll('details').forEach((node) => { node.open = true; })")
    shown = page.run("document.querySelector('tr.detail').nextSibling.nextSibling.textContent")
    assert "<script>window.hacked=1</script>" in shown
    assert "\\x00 \\x1b[31m\\x07 \\u202egnp.exe \\ud800" in shown
    for char in "\x00\x1b\x07\u202e":
        assert char not in page.run("document.body.innerText")
    harmless(page, path.as_uri())


def test_the_table_filters_and_sorts(browser: Browser, path: Path) -> None:
    page = browser.page(path.as_uri())
    ids = "[...document.querySelectorAll('#problems tbody tr:not([hidden]) th')].map((cell) => cell.textContent)"
    assert page.run(ids) == ["good", HOSTILE_ID, "zeta"]
    page.press("/", "/")
    page.type("omega")
    assert page.run(ids) == ["zeta"]
    assert page.run("document.getElementById('shown').textContent") == "1 of 3 problems"
    page.run("document.getElementById('find').value = ''")
    page.run("verdict.value = 'PASSED'; verdict.dispatchEvent(new Event('input'))")
    assert page.run(ids) == ["good"]
    page.run("verdict.value = ''; verdict.dispatchEvent(new Event('input'))")
    page.run("document.querySelector('th[data-kind=number] button').click()")  # passed, fewest first
    assert page.run(ids)[-1] == "good"
    page.run("document.querySelector('th[data-kind=number] button').click()")
    assert page.run(ids)[0] == "good"
    assert page.run("document.querySelector('th[data-kind=number]').getAttribute('aria-sort')") == "descending"


def test_the_keyboard_opens_and_closes_a_problem(browser: Browser, path: Path) -> None:
    page = browser.page(path.as_uri())
    page.run("document.querySelector('#problems tbody th button').focus()")
    page.press("Enter", "\r")
    page.until("document.querySelector('tr.detail details')", "Enter opens it")
    assert page.run("document.activeElement.getAttribute('aria-expanded')") == "true"
    page.press("Escape")
    page.until("!document.querySelector('tr.detail')", "Escape closes it")
    assert page.run("document.activeElement.textContent") == "good"


def test_an_address_names_a_sample(browser: Browser, path: Path) -> None:
    page = browser.page(f"{path.as_uri()}#zeta%231")
    page.until("document.getElementById('zeta#1') && document.getElementById('zeta#1').open", "the sample is open")


def test_the_bytes_of_a_page_are_bounded_and_what_is_cut_is_said() -> None:
    long = "x = '" + "".join(chr(33 + (i * i * 31 + i // 7) % 90) for i in range(900_000)) + "'"
    big = [
        replace(p, samples=tuple(replace(s, text=long, reasoning="", program=long) for s in p.samples))
        for p in PROBLEMS
    ]  # fmt: skip
    embedder = Embedder(3, budget=60_000)
    chunks = [embedder.chunk(p) for p in big]
    assert sum(len(chunk.data) for chunk in chunks) <= 60_000
    assert all(chunk.cut for chunk in chunks)
    out = io.BytesIO()
    write_page(report(), big, out)
    assert b"shortened" in out.getvalue()  # 900,000 characters are more than any answer's cap
