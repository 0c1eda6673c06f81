"""Several tasks with one command: a group of lm-eval's, and all eval tasks of a model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from farm.catalogue.catalogue import load
from farm.errors import RunExists
from farm.ledger.suites import create_suite, find_suite
from tests.support.data import shared
from tests.support.embedded_home import Home, empty_home, write_rows
from tests.support.farm_process import FarmProcess
from tests.support.lm_eval.harness import Evaluation, give_environment
from tests.support.model_server import ModelServer

pytestmark = pytest.mark.timeout(600)

MODEL = "meta-llama/Llama-3.2-3B-Instruct"
# Not of one size and not asked alike: a run for each
PLACES = {
    "capitals": ({"France": "Paris", "Italy": "Rome", "Spain": "Madrid", "Ghana": "Accra"}, 8),
    "rivers": ({"Egypt": "Nile", "Brazil": "Amazon"}, 16),
}
TASK = """
task: {name}
dataset_path: json
dataset_kwargs:
  data_files:
    test: {folder}/{name}.jsonl
test_split: test
output_type: generate_until
doc_to_text: "What is there in {{{{place}}}}?"
doc_to_target: "{{{{wanted}}}}"
generation_kwargs:
  until: ["\\n"]
  max_gen_toks: {tokens}
  do_sample: false
metric_list:
  - metric: exact_match
    aggregation: mean
    higher_is_better: true
metadata:
  version: 1.0
"""
GROUP = """
group: places
task: [capitals, rivers]
aggregate_metric_list:
  - metric: exact_match
    weight_by_size: {weighted}
metadata:
  version: 1.0
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path) as home:
        yield home


def group(tmp_path: Path, *, weighted: bool) -> Path:
    folder = tmp_path / "tasks"
    folder.mkdir()
    for name, (rows, tokens) in PLACES.items():
        write_rows(folder / f"{name}.jsonl", [{"place": p, "wanted": w} for p, w in rows.items()])
        (folder / f"{name}.yaml").write_text(TASK.format(name=name, folder=folder, tokens=tokens))
    (folder / "places.yaml").write_text(GROUP.format(weighted=weighted))
    return folder


def answer(prompt: str, seed: int) -> str:
    """Wrong for two of six."""
    place = prompt.rpartition(" in ")[2].partition("?")[0]
    wanted = {**PLACES["capitals"][0], **PLACES["rivers"][0]}
    return {"Ghana": "Lagos", "Egypt": "Danube"}.get(place, wanted.get(place, "ready"))


def submit(home: Home, server: ModelServer, *more: str) -> FarmProcess:
    return home.farm(
        "submit", *more, "--device", "n300", "--server-url", server.url, "--run-id", "suite-1", JWT_SECRET="testing"
    )


def suite(home: Home) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home.path / "reports" / "suite-1" / "suite.json").read_text())
    return found


@pytest.mark.parametrize("weighted", [True, False])
def test_a_group_scores_as_in_lm_eval_itself(home: Home, tmp_path: Path, weighted: bool) -> None:
    give_environment(home)
    folder = group(tmp_path, weighted=weighted)
    with ModelServer(answer=answer, model=MODEL, jwt_secret="testing") as server:
        done = submit(home, server, "--task", "places", "--include-path", str(folder), "--model", MODEL).ok(400)
        limits = {body["max_tokens"] for body in server.sample_bodies}
        asked = server.requests
        again = home.farm("resume", "suite-1", "--server-url", server.url, JWT_SECRET="testing").ok(200)
        assert server.requests == asked, "nothing is generated again"
    assert limits == {8, 16}, "each task is asked as it says"
    recorded: list[dict[str, object]] = [
        {"doc": place, "outputs": [answer(f"What is there in {place}?", 0)]}
        for rows, _ in PLACES.values()
        for place in rows
    ]
    order = {
        "model": "recorded", "model_args": {"path": str(write_rows(tmp_path / "answers.jsonl", recorded))},
        "tasks": ["places"], "include_path": str(folder), "bootstrap_iters": 100_000,
    }  # fmt: skip
    theirs = Evaluation(home, tmp_path / "lm", order).ok().results["results"]
    rows = {row["task"]: row for row in suite(home)["rows"]}
    assert {name: row["score"] / 100 for name, row in rows.items()} == pytest.approx(
        {name: theirs[name]["exact_match,none"] for name in ("places", "capitals", "rivers")}
    )
    assert rows["places"]["score"] == pytest.approx(66.67 if weighted else 62.5, abs=0.01)
    assert rows["places"]["stderr"] / 100 == pytest.approx(theirs["places"]["exact_match_stderr,none"])
    assert (
        "places" in done.stdout
        and "PASS: Llama-3.2-3B-Instruct on n300, 1 tasks: 1 without a reference" in again.stdout
    )
    page = (home.path / "reports" / "suite-1" / "suite.html").read_text()
    assert "capitals" in page and "<script" not in page


def pulled(home: Home, tmp_path: Path) -> None:
    """HumanEval, MBPP and LiveCodeBench as `farm dataset pull` leaves them."""
    for name, source in (("humaneval", "HumanEval.jsonl.gz"), ("mbpp", "mbpp.jsonl")):
        origin = tmp_path / name
        origin.mkdir()
        (origin / source).write_bytes(shared(source).read_bytes())
        home.farm("dataset", "pull", name, "--from-dir", str(origin)).ok(60)
    origin = tmp_path / "lcb"
    origin.mkdir()
    (origin / "test.jsonl").write_bytes(shared("lcb_full3_official_schema.jsonl").read_bytes())
    home.farm("dataset", "pull", "livecodebench", "--release", "v1", "--from-dir", str(origin)).ok(60)


CODER = """
models:
  - {repo: Qwen/Qwen2.5-Coder-32B-Instruct, device: n300, max_concurrency: 4, max_context: 32768}
"""


def test_all_tasks_of_a_model_are_one_suite(home: Home, tmp_path: Path) -> None:
    """A model with three code tasks and no others; its server fails in the middle, and a resume goes on."""
    pulled(home, tmp_path)
    own = tmp_path / "own.yaml"
    own.write_text(CODER)
    command = ("--all-tasks", "--mode", "smoke-test", "--model", "Qwen2.5-Coder-32B-Instruct", "--catalogue", str(own))
    plan = home.farm("submit", *command, "--device", "n300", "--dry-run").ok(60).stdout
    assert "livecodebench: run by farm, which judges it in its sandbox; the first 3" in plan
    places = ("--eval-samples", json.dumps({"mbpp_instruct": [0, 7]}))
    with ModelServer(
        answer=lambda prompt, seed: "```python\npass\n```", model="Qwen/Qwen2.5-Coder-32B-Instruct"
    ) as server:
        done = submit(home, server, *command, *places)
        assert done.wait(300) == 1, done.stderr
        bodies = server.sample_bodies
        again = home.farm("resume", "suite-1", "--server-url", server.url)
        assert again.wait(200) == 1 and server.sample_bodies == bodies, "all is done"
    assert "FAIL: Qwen2.5-Coder-32B-Instruct on n300 (smoke-test), 3 tasks: " in done.stdout
    rows = {row["task"]: row for row in suite(home)["rows"]}
    assert {name: row["documents"] for name, row in rows.items()} == {
        "livecodebench": 3, "mbpp_instruct": 2, "humaneval_instruct": 3,
    }  # fmt: skip
    assert {row["state"] for row in rows.values()} == {"complete"}
    assert {body["max_tokens"] for body in bodies} == {2048, 256}, "as tt-inference-server asks each"
    assert rows["mbpp_instruct"]["decided_by"]["score"] == 68.8 and rows["mbpp_instruct"]["check"] == 3
    listed = home.farm("report", "suite-1", "--json")
    assert listed.wait(60) == 1 and json.loads(listed.stdout)["suite_id"] == "suite-1"
    with home.ledger() as ledger:
        spec = find_suite(ledger, "suite-1")
        assert spec is not None and len(spec.runs) == 3 and find_suite(ledger, "suite-2") is None
        with pytest.raises(RunExists, match="suite suite-1 exists already; continue it with: farm resume suite-1"):
            create_suite(ledger, "suite-1", spec)


def test_tasks_of_other_programs_are_named_with_what_runs_them(home: Home) -> None:
    assert load().of_model("gemma-4-31B-it")
    plan = home.farm("submit", "--all-tasks", "--model", "gemma-4-31B-it", "--device", "p300x2", "--dry-run").ok(60)
    lines = {line.partition(":")[0]: line for line in plan.stdout.splitlines()}
    assert "harbor, dataset terminal-bench/terminal-bench-2, agent terminus-2" in lines["terminal_bench_2"]
    assert "farm import takes harbor's result.json" in lines["swe_bench_verified"]
    assert lines["r1_gpqa_diamond"] == "r1_gpqa_diamond: run by farm, and lm-eval scores the answers"
