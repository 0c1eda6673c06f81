from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.errors import ConfigError
from farm.records import CaseResult, Completion, JudgeSpec, Limits, SampleKey, SampleResult, Verdict
from farm.reports.as_json import as_json
from farm.reports.as_markdown import as_markdown
from farm.reports.samples_jsonl import SampleRow, UnjudgedSample, write_samples
from farm.reports.write import durable, write_report
from tests.unit.reports.build import report, solved


def test_writes_both_files(tmp_path: Path) -> None:
    made = report(solved(3, 7))
    paths = write_report(made, tmp_path / "new" / "out")
    assert paths == [tmp_path / "new" / "out" / "report.json", tmp_path / "new" / "out" / "report.md"]
    assert paths[0].read_text() == as_json(made)
    assert paths[1].read_text() == as_markdown(made)
    assert sorted(p.name for p in paths[0].parent.iterdir()) == ["report.json", "report.md"]


def test_writing_again_replaces(tmp_path: Path) -> None:
    write_report(report(solved(3, 7)), tmp_path)
    write_report(report(solved(4, 7)), tmp_path)
    assert json.loads((tmp_path / "report.json").read_text())["first_sample"]["hits"] == 4
    assert len(list(tmp_path.iterdir())) == 2


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old")
    with pytest.raises(RuntimeError), durable(target) as file:
        file.write(b"new")
        raise RuntimeError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_the_file_appears_only_at_the_end(tmp_path: Path) -> None:
    with durable(tmp_path / "file") as file:
        file.write(b"x")
        file.flush()
        assert not (tmp_path / "file").exists()
    assert (tmp_path / "file").read_bytes() == b"x"
    reference = tmp_path / "reference"
    reference.touch()
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == stat.S_IMODE(reference.stat().st_mode)


def test_a_place_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.touch()
    with pytest.raises(ConfigError) as caught:
        write_report(report(solved(1, 2)), blocker)
    assert str(blocker / "report.json") in str(caught.value) and "--out" in str(caught.value)
    assert "\n" not in str(caught.value)
    (tmp_path / "report.json").mkdir()
    with pytest.raises(ConfigError, match=r"report\.json"):
        write_report(report(solved(1, 2)), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "report.json"]


# --- samples.jsonl ------------------------------------------------------------------------------


def result(verdict: Verdict = Verdict.WRONG_ANSWER) -> SampleResult:
    cases = (
        CaseResult(index=0, verdict=Verdict.PASSED, cpu_s=0.25, wall_s=0.5, peak_bytes=1 << 20),
        CaseResult(index=1, verdict=verdict, detail="x", stdout_excerpt="y"),
    )
    return SampleResult(
        problem_id="p1",
        index=3,
        verdict=verdict,
        first_failure=None if verdict is Verdict.PASSED else 1,
        suite_sha256="3" * 64,
        judge=JudgeSpec(),
        limits=Limits(),
        cases=cases,
        tests_total=2,
        cpu_s=0.25,
        wall_s=0.5,
    )


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def test_a_judged_row(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    assert write_samples(path, [SampleRow(result()), SampleRow(result(Verdict.PASSED))]) == 2
    failed, passed = rows(path)
    assert failed == {
        "problem_id": "p1",
        "index": 3,
        "verdict": "WRONG_ANSWER",
        "passed": False,
        "first_failure": 1,
        "cases": [
            {"index": 0, "verdict": "PASSED", "cpu_s": 0.25, "wall_s": 0.5, "peak_bytes": 1 << 20},
            {"index": 1, "verdict": "WRONG_ANSWER", "cpu_s": 0.0, "wall_s": 0.0, "peak_bytes": 0},
        ],
        "cpu_s": 0.25,
        "wall_s": 0.5,
    }
    assert (passed["verdict"], passed["passed"], passed["first_failure"]) == ("PASSED", True, None)


def test_an_answer_is_told_beside_its_verdict(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    completion = Completion(
        problem_id="p1", index=3, text_sha256="4" * 64, prompt_sha256="5" * 64, finish_reason="length", seed=7,
        max_tokens=2000,
    )  # fmt: skip
    unjudged = UnjudgedSample(SampleKey("p1", 3), "no sandbox", "none")
    write_samples(path, [SampleRow(result(), completion), SampleRow(unjudged, completion)])
    told = {
        "finish_reason": "length",
        "seed": 7,
        "max_tokens": 2000,
        "prompt_sha256": "5" * 64,
        "text_sha256": "4" * 64,
    }
    for row in rows(path):
        assert {name: row[name] for name in told} == told
    assert [row["passed"] for row in rows(path)] == [False, None]


def test_an_unjudged_row_is_no_failure(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    write_samples(path, [SampleRow(UnjudgedSample(SampleKey("p2", 0), "gone\n\ud800\x1b[31m"))])
    (row,) = rows(path)
    assert row["verdict"] is None and row["passed"] is None and row["first_failure"] is None
    assert row["unjudged"] == "gone\n\ud800\x1b[31m"


def test_rows_stream_and_a_break_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"

    def broken() -> Iterator[SampleRow]:
        yield SampleRow(result())
        raise KeyError("ledger")

    with pytest.raises(KeyError):
        write_samples(path, broken())
    assert list(tmp_path.iterdir()) == []
