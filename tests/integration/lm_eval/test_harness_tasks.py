"""`farm submit --task`: tasks that lm-eval scores, in a separate worker, compared with lm-eval itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from farm.ids import sample_seed
from tests.support.embedded_home import Home, empty_home, write_rows
from tests.support.farm_process import FarmProcess
from tests.support.lm_eval.harness import Evaluation, give_environment
from tests.support.model_server import ModelServer

pytestmark = pytest.mark.timeout(600)

MODEL = "meta-llama/Llama-3.2-3B-Instruct"
COUNTRIES = {"France": "Paris", "Italy": "Rome", "Spain": "Madrid", "Austria": "Vienna", "Ghana": "Accra"}
# Two filters, a metric of the task's own, few-shot examples, an answer begun, repeats
TASK = """
task: capitals
dataset_path: json
dataset_kwargs:
  data_files:
    test: {folder}/test.jsonl
    train: {folder}/train.jsonl
test_split: test
fewshot_split: train
num_fewshot: 2
output_type: generate_until
description: "Answer in one word.\\n"
doc_to_text: "Capital of {{{{country}}}}?"
doc_to_target: "{{{{capital}}}}"
gen_prefix: "It is"
process_results: !function helpers.process
repeats: 2
generation_kwargs:
  until: ["\\n\\n"]
  max_gen_toks: 12
  do_sample: true
  temperature: 0.7
filter_list:
  - name: first-word
    filter:
      - function: regex
        regex_pattern: "(\\\\w+)"
      - function: take_first
  - name: majority
    filter:
      - function: regex
        regex_pattern: "(\\\\w+)"
      - function: majority_vote
      - function: take_first
metric_list:
  - metric: right
    aggregation: mean
    higher_is_better: true
  - metric: length
    aggregation: !function helpers.longest
    higher_is_better: false
metadata:
  version: 2.5
"""
HELPERS = """
import os

SECRETS = ("JWT_SECRET", "VLLM_API_KEY", "FARM_SECRET", "FARM_API_KEY", "HF_TOKEN", "FARM_BROKER_URL")

def process(doc, results):
    assert not [name for name in SECRETS if name in os.environ and "EXPECT_NO_SECRETS" in doc], "a secret is here"
    return {"right": float(results[0] == doc["capital"]), "length": len(results[0])}

def longest(values):
    return max(values)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path) as home:
        yield home


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    folder = tmp_path / "tasks"
    folder.mkdir()
    rows: list[dict[str, object]] = [
        {"country": c, "capital": name, "EXPECT_NO_SECRETS": 1} for c, name in COUNTRIES.items()
    ]
    write_rows(folder / "test.jsonl", rows)
    write_rows(folder / "train.jsonl", [{**row, "country": f"old {row['country']}"} for row in rows])
    (folder / "capitals.yaml").write_text(TASK.format(folder=folder))
    (folder / "helpers.py").write_text(HELPERS)
    return folder


def answer(prompt: str, seed: int) -> str:
    """Right for most; the sampling decides for Spain."""
    country = prompt.rpartition("Capital of ")[2].partition("?")[0]
    if country == "Ghana":
        return " Lagos, I think"
    return f" {COUNTRIES.get(country, 'ready')}" if country != "Spain" or seed % 2 else " Seville"


def submit(home: Home, server: ModelServer, tasks: Path, *more: str) -> FarmProcess:
    return home.farm(
        "submit", "--task", "capitals", "--include-path", str(tasks), "--model", MODEL, "--device", "n300",
        "--server-url", server.url, "--run-id", "run-1", "--out", str(home.out("run-1")), *more, JWT_SECRET="testing",
    )  # fmt: skip


def files(home: Home) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    folder = home.out("run-1") / "lm-eval" / "meta-llama__Llama-3.2-3B-Instruct"
    [results], [samples] = folder.glob("results_*.json"), folder.glob("samples_capitals_*.jsonl")
    return json.loads(results.read_text()), [json.loads(line) for line in samples.read_text().splitlines()]


def test_a_task_of_ones_own_scores_as_in_lm_eval_itself(home: Home, tmp_path: Path, tasks: Path) -> None:
    give_environment(home)
    with ModelServer(answer=answer, model=MODEL, jwt_secret="testing") as server:
        done = submit(home, server, tasks).ok(400)
        bodies = server.sample_bodies
    ours, samples = files(home)
    recorded = write_rows(
        tmp_path / "answers.jsonl",
        [{"doc": sample["doc"]["country"], "outputs": sample["resps"][0]} for sample in samples],
    )
    order = {
        "model": "recorded", "model_args": {"path": str(recorded)}, "tasks": [str(tasks / "capitals.yaml")],
        "apply_chat_template": True, "bootstrap_iters": 100_000,
    }  # fmt: skip
    evaluation = Evaluation(home, tmp_path / "lm", order).ok()
    theirs = evaluation.results
    assert ours["results"] == theirs["results"]
    assert 0 < ours["results"]["capitals"]["right,first-word"] < 1
    for part in ("n-samples", "n-shot", "versions", "higher_is_better", "group_subtasks"):
        assert ours[part] == theirs[part], part
    assert ours["configs"]["capitals"]["description"] == "Answer in one word.\n"
    assert ours["model_name"] == MODEL and ours["config"]["farm_runs"] == ["run-1"]
    mine = {(s["doc_id"], s["filter"]): s for s in samples}
    for sample in evaluation.samples("capitals"):
        same = mine[sample["doc_id"], sample["filter"]]
        for part in ("doc", "target", "resps", "filtered_resps", "right", "length", "doc_hash", "target_hash"):
            assert same[part] == sample[part], part
        conversation = json.loads(sample["arguments"]["gen_args_0"]["arg_0"])
        assert json.loads(same["arguments"]["gen_args_0"]["arg_0"])["farm_chat"] == conversation
        assert conversation in [body["messages"] for body in bodies], "the prompt is not lm-eval's"
    assert {(body["temperature"], body["max_tokens"], tuple(body["stop"])) for body in bodies} == {(0.7, 12, ("\n\n",))}
    assert len({body["seed"] for body in bodies}) == 10, "repeats are not samples"
    assert "capitals right,first-word:" in done.stdout

    listed = home.farm("runs").ok().stdout
    assert "10/10 generated" in listed and "judged" not in listed
    asked = len(bodies)
    with ModelServer(answer=answer, model=MODEL, jwt_secret="testing") as server:
        again = home.farm("resume", "run-1", "--out", str(home.out("run-1")), JWT_SECRET="testing").ok(300)
        assert not server.sample_bodies, asked
    assert "capitals right,first-word:" in again.stdout
    assert files(home)[0] == ours, "the run was scored again"
    shown = home.farm("report", "run-1", "--out", str(home.out("run-1"))).ok().stdout.splitlines()
    assert shown[1:] == again.stdout.splitlines()[1:], "farm report shows other figures"
    elsewhere = [Path(line) for line in home.farm("report", "run-1").ok().stdout.splitlines()[-2:]]
    assert json.loads(elsewhere[0].read_text()) == ours and home.out("run-1") not in elsewhere[0].parents


def test_a_dry_run_of_a_part_prints_the_request_and_asks_nobody(home: Home, tasks: Path) -> None:
    """The task by the path of its YAML, fewer documents and examples, more samples, another seed and length."""
    give_environment(home)
    with ModelServer(answer=answer, model=MODEL, jwt_secret="testing") as server:
        shown = home.farm(
            "submit", "--task", str(tasks / "capitals.yaml"), "--model", MODEL, "--device", "n300", "--server-url",
            server.url, "--limit", "3", "--num-fewshot", "1", "--n", "4", "--seed", "7", "--gen-kwargs",
            "max_gen_toks=7", "--dry-run", JWT_SECRET="testing",
        ).ok(300)  # fmt: skip
        assert server.requests == 0
    assert "task capitals in EVALS: 3 requests x 4, scored by lm-eval" in shown.stdout
    body, _ = json.JSONDecoder().raw_decode(shown.stdout.partition("/v1/chat/completions\n")[2])
    assert (body["max_tokens"], body["seed"]) == (7, sample_seed(7, "doc-0", 0))
    shot = ["system", "user", "assistant", "user", "assistant"]  # with one example, and the answer begun
    assert [message["role"] for message in body["messages"]] == shot


def test_what_farm_cannot_run_is_refused_by_name(home: Home, tasks: Path) -> None:
    give_environment(home)
    (tasks / "choice.yaml").write_text(
        (tasks / "capitals.yaml").read_text().replace("task: capitals", "task: choice")
        .replace("generate_until", "multiple_choice").replace('gen_prefix: "It is"', "doc_to_choice: [Paris, Rome]")
    )  # fmt: skip
    (tasks / "both.yaml").write_text("group: both\ntask:\n  - capitals\n  - choice\n")
    cases = {
        "both": "both holds task choice, which is of type multiple_choice: farm runs tasks of type generate_until",
        str(tasks / "absent.yaml"): f"--task {tasks}/absent.yaml: No such file or directory",
        "choice": "task choice is of type multiple_choice: farm runs tasks of type generate_until",
        "no_such_task": "lm-eval has no task no_such_task",
        "humaneval_64": "task humaneval_64 executes what the model wrote in lm-eval's own process",
        "mmmu_val": "task mmmu_val needs pictures (EVALS_VISION), and the server of Llama-3.2-3B-Instruct takes text",
    }
    common = ("--include-path", str(tasks), "--model", MODEL, "--device", "n300")
    useless = home.farm("submit", "--num-fewshot", "3", "--task", "mbpp", "--model", MODEL, "--device", "n300")
    assert useless.wait(100) == 2
    assert "--num-fewshot: only for a --task that lm-eval scores" in useless.stderr
    started = {task: home.farm("submit", "--task", task, *common) for task in cases}
    for task, says in cases.items():
        refused = started[task]
        assert refused.wait(200) == 2, refused.stderr
        assert refused.stderr.splitlines()[-1].startswith(f"farm: {says}"), refused.stderr
