"""Identical programs on identical tests are executed once: within a run and across the runs of a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.records import SampleResult, Verdict
from tests.support.embedded_home import Home, empty_home, write_rows
from tests.support.model_server import ModelServer

pytestmark = pytest.mark.timeout(240)

SQUARE = "print(int(input()) ** 2)"
ENDLESS = "while True:\n    pass"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path) as home:
        yield home


def executed(results: list[SampleResult]) -> list[SampleResult]:
    """Those for which a worker ran a program."""
    return [result for result in results if not result.cached_from]


def same(code: str, times: int) -> list[dict[str, object]]:
    return [{"question_id": "farm_square", "code": code} for _ in range(times)]


def test_eight_identical_programs_are_executed_once_and_not_again_in_the_next_run(home: Home, tmp_path: Path) -> None:
    completions = write_rows(tmp_path / "same.jsonl", [*same(SQUARE, 8), *same("print(1)", 1)])
    home.grade("run-1", completions, "--workers", "2").ok()
    first = home.results("run-1")
    assert [r.verdict for r in first] == [Verdict.PASSED] * 8 + [Verdict.WRONG_ANSWER]
    ran = executed(first)
    assert sorted(r.verdict for r in ran) == [Verdict.PASSED, Verdict.WRONG_ANSWER]
    [source] = [r for r in ran if r.passed]
    for copy in first[:8]:
        assert copy.index == source.index or copy.cached_from == f"run-1/{source.key}"
        assert (copy.worker, copy.runtime, copy.cases) == (source.worker, source.runtime, source.cases)
    told = home.report("run-1")["telemetry"]
    assert told["cached"] == 7 and sum(told["sandboxes"].values()) == 2
    assert told["counters"]["duplicates"] == 0, "a program was executed for a sample that had its verdict"

    home.grade("run-2", completions, "--workers", "2").ok()
    assert executed(home.results("run-2")) == [] and home.report("run-2")["telemetry"]["cached"] == 9
    assert {r.cached_from.partition("/")[0] for r in home.results("run-2")} == {"run-1"}

    home.grade("run-3", completions, "--workers", "2", "--no-cache").ok()
    assert len(executed(home.results("run-3"))) == 9
    told = home.report("run-3")["telemetry"]
    assert told["cached"] == 0 and sum(told["sandboxes"].values()) == 9

    assert len({home.score_digest(run) for run in ("run-1", "run-2", "run-3")}) == 1
    digests = [[r.outcome_digest() for r in home.results(run)] for run in ("run-1", "run-2", "run-3")]
    assert digests[0] == digests[1] == digests[2]


def test_a_time_limit_is_reused_within_its_run_only(home: Home, tmp_path: Path) -> None:
    completions = write_rows(tmp_path / "endless.jsonl", same(ENDLESS, 3))
    for run_id in ("run-1", "run-2"):
        home.grade(run_id, completions, "--judge", "judge", "--cpu-limit", "0.5").ok()
        results = home.results(run_id)
        assert [r.verdict for r in results] == [Verdict.TIME_LIMIT] * 3
        assert len(executed(results)) == 1, run_id


def test_what_ran_without_a_sandbox_stands_for_nothing(home: Home, tmp_path: Path) -> None:
    completions = write_rows(tmp_path / "same.jsonl", same(SQUARE, 4))
    for run_id in ("run-1", "run-2"):
        done = home.grade(run_id, completions, "--sandbox", "none", "--workers", "2", FARM_ALLOW_UNSANDBOXED="1")
        assert done.wait() == 3, done.stderr
        assert len(executed(home.results(run_id))) == 4, run_id


def test_a_model_that_says_the_same_eight_times_is_judged_once(home: Home) -> None:
    def answer(prompt: str, seed: int) -> str:
        return f"```python\n{SQUARE}\n```\n"

    with ModelServer(answer=answer, model="meta-llama/Llama-3.2-3B-Instruct") as server:
        home.farm(
            "submit", "--model", "Llama-3.2-3B-Instruct", "--device", "n300", "--server-url", server.url, "--dataset",
            "sample", "--ids", "farm_square,farm_echo", "--n", "8", "--run-id", "run-1", "--out",
            str(home.out("run-1")),
        ).ok()  # fmt: skip
    results = home.results("run-1")
    assert [r.verdict for r in results if r.problem_id == "farm_square"] == [Verdict.PASSED] * 8
    assert len(results) == 16 and len(executed(results)) == 2
    assert home.report("run-1")["telemetry"]["cached"] == 14
