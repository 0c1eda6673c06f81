"""`farm regrade`: the stored completions of a run under other rules, without a model server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.benchmarks.sample import sample_path
from farm.ledger import history
from farm.records import SampleKey, Verdict
from tests.support.answers import ScriptedModel, gated
from tests.support.embedded_home import Home, empty_home, write_rows
from tests.support.farm_process import FarmProcess
from tests.support.model_server import ModelServer
from tests.support.redis_server import real_redis_binary, running_redis
from tests.support.wait import wait_until

pytestmark = pytest.mark.timeout(240)

MODEL = "meta-llama/Llama-3.2-3B-Instruct"
PROBLEMS = ("farm_add", "farm_double", "farm_echo", "farm_length")

# What official (last fence pair, lcb) and seed (first pair or raw text, judge, exact text) see differently.
TWO_FENCES = "Draft:\n```python\nprint(1)\n```\nBetter:\n```python\nprint(int(input()) ** 2)\n```\n"
RAW = "import sys\nprint(int(sys.stdin.readline()) ** 2)\n"
UNREAD_REST = "```python\nimport sys\nprint(int(next(sys.stdin)) ** 2)\n```"
DECIMAL = "```python\nprint(float(int(input()) ** 2))\n```"
RIGHT = "```python\nprint(int(input()) ** 2)\n```"
NO_CODE = "I do not know."
OUTPUTS = (TWO_FENCES, RAW, UNREAD_REST, DECIMAL, RIGHT, NO_CODE)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path) as home:
        yield home


def verdicts(home: Home, run_id: str) -> list[Verdict]:
    return [result.verdict for result in home.results(run_id)]


def submit(home: Home, server: ModelServer) -> FarmProcess:
    return home.farm(
        "submit", "--model", "Llama-3.2-3B-Instruct", "--device", "n300", "--server-url", server.url, "--dataset",
        "sample", "--ids", ",".join(PROBLEMS), "--n", "2", "--judge", "judge", "--run-id", "run-1", "--out",
        str(home.out("run-1")),
    )  # fmt: skip


def test_a_regrade_equals_a_fresh_grade_of_the_same_completions(home: Home, tmp_path: Path) -> None:
    completions = write_rows(tmp_path / "c.jsonl", [{"question_id": "farm_square", "output": text} for text in OUTPUTS])
    dataset = tmp_path / "dataset.jsonl"
    shutil.copy(sample_path(), dataset)
    home.grade("run-1", completions, "--protocol", "official", dataset=str(dataset)).ok()
    before = home.results("run-1")
    home.grade("fresh", completions, "--protocol", "seed", "--no-cache", dataset=str(dataset)).ok()
    dataset.unlink()
    completions.unlink()

    done = home.regrade("run-1", "again", "--protocol", "seed", "--no-cache").ok()
    assert verdicts(home, "again") == verdicts(home, "fresh") != [r.verdict for r in before]
    assert [r.outcome_digest() for r in home.results("again")] == [r.outcome_digest() for r in home.results("fresh")]
    assert home.score_digest("again") == home.score_digest("fresh")
    assert home.report("again")["pass_at_k"] == home.report("fresh")["pass_at_k"]
    assert home.results("run-1") == before, "the first judgement was changed"

    spec = home.report("again")["spec"]
    assert spec["regraded_from"]["run_id"] == "run-1" and spec["regraded_from"]["protocol"] == "official@1"
    moved = home.report("again")["telemetry"]["regrade"]
    assert moved["compared"] == len(OUTPUTS)
    assert sum(move["samples"] for move in moved["moved"]) == sum(
        then.verdict is not now.verdict for then, now in zip(before, home.results("again"), strict=True)
    )
    shown = " ".join(done.stdout.split())
    assert "Judged again" in shown and "run run-1 again" in shown and "protocol official@1 seed@1" in shown

    home.regrade("again", "back", "--protocol", "official").ok()
    assert [r.outcome_digest() for r in home.results("back")] == [r.outcome_digest() for r in before]
    assert home.score_digest("back") == home.score_digest("run-1")


def test_a_generated_run_is_regraded_without_its_server_and_completed_with_it(home: Home) -> None:
    model = ScriptedModel(PROBLEMS)
    answered = 0
    with ModelServer(answer=model.answer, model=MODEL) as server:

        def three_then_stop() -> None:
            nonlocal answered
            answered += 1
            if answered > 3:
                server.stopping.wait(60)

        server.answer = gated(model.answer, three_then_stop)
        running = submit(home, server)
        running.says("run run-1")
        with home.ledger() as ledger:
            wait_until(
                lambda: sum(s.completed for s in history.sample_states(ledger, "run-1")) == 3,
                "three completions are recorded",
                timeout_s=60,
            )
        running.interrupt()
        assert running.wait() == 130
    asked = len(server.bodies)

    partial = home.regrade("run-1", "part", "--judge", "lcb")
    assert partial.wait() == 3, partial.stderr
    assert "INCOMPLETE: 5 of 8" in partial.stderr and "farm resume run-1, then farm resume part" in partial.stderr
    report = home.report("part")
    assert report["status"] == "INCOMPLETE" and report["pass_at_k"] == []
    assert report["coverage"]["unjudged_reasons"] == {"generate: run run-1 holds no completion": 5}
    found = {r.key: r.verdict for r in home.results("part")}
    assert len(found) == 3 and all(model.verdict(key) is verdict for key, verdict in found.items())

    with ModelServer(answer=model.answer, model=MODEL) as server:
        home.farm("resume", "run-1", "--server-url", server.url, "--out", str(home.out("run-1"))).ok()
        asked = len(server.bodies)
        home.farm("resume", "part", "--out", str(home.out("part"))).ok()
        assert len(server.bodies) == asked, "a regrade asked the model server"
    report = home.report("part")
    assert report["status"] == "COMPLETE" and report["spec"]["model"]["repo"] == MODEL
    wanted = [SampleKey(problem_id, index) for problem_id in PROBLEMS for index in range(2)]
    assert {r.key: r.verdict for r in home.results("part")} == {key: model.verdict(key) for key in wanted}
    assert report["telemetry"]["tokens_per_second"] is None, "it generated nothing"


def test_an_interrupted_regrade_is_resumed(home: Home, tmp_path: Path) -> None:
    slow = [f"import time\ntime.sleep(0.3)\nprint(int(input()) ** 2 + {n})" for n in range(8)]
    completions = write_rows(tmp_path / "c.jsonl", [{"question_id": "farm_square", "code": code} for code in slow])
    home.grade("run-1", completions, "--judge", "judge").ok()
    running = home.regrade("run-1", "again", "--no-cache", "--workers", "1")
    wait_until(lambda: len(home.results("again")) >= 2, "two samples are judged", timeout_s=60)
    running.kill()
    before = home.results("again")
    assert 2 <= len(before) < 8
    home.farm("resume", "again", "--out", str(home.out("again"))).ok()
    after = home.results("again")
    assert [r.outcome_digest() for r in after] == [r.outcome_digest() for r in home.results("run-1")]
    kept = {r.key: r for r in after}
    assert all(kept[r.key] == r for r in before), "what was judged is judged again"


def test_a_mistake_is_one_line_and_starts_nothing(home: Home, tmp_path: Path) -> None:
    completions = write_rows(tmp_path / "c.jsonl", [{"question_id": "farm_square", "output": NO_CODE}])
    home.grade("run-1", completions).ok()
    for arguments, says in (
        (("no-such-run",), "no run no-such-run in"),
        (("run-1", "--protocol", "nonsense"), "unknown protocol nonsense"),
        (("run-1", "--run-id", "run-1"), "run run-1 exists, planned otherwise: regraded_from"),
    ):
        done = home.farm("regrade", *arguments)
        assert done.wait() == 2
        assert says in done.stderr and len(done.stderr.strip().splitlines()) == 1
    shutil.rmtree(home.path / "blobs")
    done = home.regrade("run-1", "again")
    assert done.wait() == 3
    assert "tests of 1 problem(s) of run run-1 are gone, of farm_square first" in done.stderr
    with home.ledger() as ledger:
        assert [run.run_id for run in ledger.runs()] == ["run-1"]


@pytest.mark.redis
def test_a_cluster_regrades(home: Home, tmp_path: Path) -> None:
    completions = write_rows(tmp_path / "c.jsonl", [{"question_id": "farm_square", "output": text} for text in OUTPUTS])
    with running_redis(tmp_path / "redis", binary=real_redis_binary()) as redis:
        home.env = {"FARM_BROKER_URL": redis.url}
        worker = home.farm("worker", "execute", "--name", "x", "--slots", "1")
        home.grade("run-1", completions).ok()
        home.regrade("run-1", "again", "--judge", "judge").ok()
        home.regrade("run-1", "same").ok()
        worker.stop()
    assert {r.worker.partition("@")[0] for r in home.results("again") if r.program_sha256} == {"x"}
    assert all(r.cached_from for r in home.results("same") if r.program_sha256), "the same was executed again"
    assert verdicts(home, "same") == verdicts(home, "run-1")
