"""How a sample that is not deterministic is shown where one looks at it: `farm inspect` and the page's rows."""

from __future__ import annotations

import base64
import zlib
from io import BytesIO

from farm.records import JudgeSpec, SampleKey, Verdict, VerdictCount
from farm.reports.details import ProblemDetail, SampleDetail
from farm.reports.html.embedded import Embedder
from farm.reports.html.page import write_page
from farm.reports.inspecting import overview, problem_text, sample_text
from farm.reports.samples_jsonl import SampleRow, lines
from tests.unit.plans import result
from tests.unit.reports.build import report

SEEN = (
    VerdictCount(verdict=Verdict.WRONG_ANSWER, first_failure=0, times=1),
    VerdictCount(verdict=Verdict.PASSED, times=2),
)
WORDS = "1 x WRONG_ANSWER at test 0, 2 x PASSED"


def detail(index: int, *seen: VerdictCount) -> SampleDetail:
    key = SampleKey("p0", index)
    judged = result(key, Verdict.WRONG_ANSWER, judge=JudgeSpec(repeats=3), verdicts_seen=seen)
    return SampleDetail(key, judged, program="print(1)")


def problem(*samples: SampleDetail) -> ProblemDetail:
    return ProblemDetail("p0", "Zero", "atcoder", "easy", "", "Print it", None, None, 1, samples)


LUCKY, STEADY = problem(detail(0), detail(1, *SEEN)), problem(detail(0), detail(1))


def test_inspect_shows_the_mark_and_the_verdicts() -> None:
    assert [line.endswith(", 1 not deterministic") for line in overview([LUCKY, STEADY], None)] == [True, False]
    assert problem_text(LUCKY).count(f"not deterministic: {WORDS}") == 1
    assert f"not deterministic: {WORDS}" in sample_text(LUCKY, LUCKY.samples[1])
    assert "deterministic" not in problem_text(STEADY) + sample_text(STEADY, STEADY.samples[0])


def test_the_page_marks_the_row_and_holds_the_verdicts() -> None:
    for shown, marks in ((LUCKY, 1), (STEADY, 0)):
        page = BytesIO()
        write_page(report([[False, False]]), [shown], page)
        assert page.getvalue().count(b"<small>not deterministic</small>") == marks
        held = zlib.decompress(base64.b64decode(Embedder(1).chunk(shown).data)).decode()
        assert held.count(f'["not deterministic","{WORDS}"]') == marks


def test_samples_jsonl_has_the_verdicts() -> None:
    marked, unmarked = (b"".join(lines(SampleRow(s.outcome) for s in p.samples)) for p in (LUCKY, STEADY))
    assert marked.count(b'"verdicts_seen": [{"verdict": "WRONG_ANSWER", "first_failure": 0, "times": 1}') == 1
    assert b"verdicts_seen" not in unmarked
