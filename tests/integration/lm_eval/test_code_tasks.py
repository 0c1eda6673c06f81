"""`farm submit --task`: code tasks of lm-eval in farm's sandbox, compared with lm-eval itself on the same answers."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from farm.environments.process import dataset_rows
from tests.support.data import ROOT, shared
from tests.support.embedded_home import Home, empty_home, write_rows
from tests.support.lm_eval.harness import Evaluation, harness_packages, harness_python
from tests.support.model_server import ModelServer

pytestmark = pytest.mark.timeout(600)

MODEL = "meta-llama/Llama-3.2-3B-Instruct"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path) as home:
        yield home


def rows_of(name: str, chosen: slice) -> list[dict[str, Any]]:
    path = shared(name)
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in text.splitlines()][chosen]


def lm_eval_task(folder: Path, source: str, rows: list[dict[str, Any]]) -> str:
    """lm-eval's own task on a local file, with a stand-in for the metric that it fetches from the hub."""
    data = write_rows(folder / "rows.jsonl", rows)
    path = folder / "task.yaml"
    path.write_text(
        f"include: {harness_packages()}/lm_eval/tasks/{source}\ndataset_path: json\ndataset_name: null\n"
        f"dataset_kwargs:\n  data_files:\n    test: {data}\n"
    )
    return str(path)


def by_lm_eval(home: Home, folder: Path, task: str, answers: dict[Any, str]) -> Evaluation:
    recorded = write_rows(
        folder / "answers.jsonl", [{"doc": name, "outputs": [text]} for name, text in answers.items()]
    )
    order = {"model": "recorded", "model_args": {"path": str(recorded)}, "tasks": [task], "apply_chat_template": True}
    evaluation = Evaluation(home, folder / "lm", order, code_eval=ROOT / "tests" / "support" / "lm_eval" / "code_eval")
    return evaluation.ok()


def submit(home: Home, server: ModelServer, task: str, data: Path, *more: str) -> dict[str, Any]:
    home.farm(
        "submit", "--task", task, "--dataset", str(data), "--model", MODEL, "--device", "n300", "--server-url",
        server.url, "--run-id", "run-1", "--out", str(home.out("run-1")), *more, JWT_SECRET="testing",
    ).ok(300)  # fmt: skip
    [path] = (home.out("run-1") / "lm-eval" / "meta-llama__Llama-3.2-3B-Instruct").glob("results_*.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def messages(server: ModelServer) -> list[list[dict[str, str]]]:
    return [body["messages"] for body in server.sample_bodies]


def said(conversations: list[list[dict[str, str]]]) -> list[list[tuple[str, str]]]:
    return sorted([(message["role"], message["content"]) for message in messages] for messages in conversations)


def lines(home: Home) -> list[dict[str, Any]]:
    [path] = (home.out("run-1") / "lm-eval").rglob("samples_*.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_humaneval_instruct_scores_as_lm_eval_does_on_the_same_answers(home: Home, tmp_path: Path) -> None:
    rows = rows_of("HumanEval.jsonl.gz", slice(0, 8))
    answers = {row["task_id"]: f"{row['canonical_solution']}```\nThat is it." for row in rows}
    answers["HumanEval/1"] = "    return []\n```"
    answers["HumanEval/3"] = "    this is no Python\n```"
    answers["HumanEval/5"] = "```python\ndef intersperse(): pass\n```"  # nothing before the fence

    def answer(prompt: str, seed: int) -> str:
        return next((answers[row["task_id"]] for row in rows if row["prompt"] in prompt), "ready")

    evaluation = by_lm_eval(home, tmp_path, lm_eval_task(tmp_path, "humaneval/humaneval_instruct.yaml", rows), answers)
    with ModelServer(answer=answer, model=MODEL, jwt_secret="testing") as server:
        ours = submit(home, server, "humaneval_instruct", tmp_path / "rows.jsonl")
    theirs = evaluation.results
    assert ours["results"]["humaneval_instruct"]["pass@1,create_test"] == 5 / 8
    assert _figures(ours, "humaneval_instruct") == _figures(theirs, "humaneval_instruct")
    assert ours.keys() >= theirs.keys() - {"start_time", "end_time"}
    assert ours["n-samples"] == theirs["n-samples"] and ours["versions"] == theirs["versions"]

    samples = sorted(evaluation.samples("humaneval_instruct"), key=lambda sample: sample["doc_id"])
    assert [s["filtered_resps"] for s in samples] == [s["filtered_resps"] for s in lines(home)]
    assert [s["pass@1"] for s in samples] == [s["pass@1"] for s in lines(home)]
    asked = [json.loads(sample["arguments"]["gen_args_0"]["arg_0"]) for sample in samples]
    assert said(asked) == said(messages(server)), "the prompts are not lm-eval's"
    assert "def check" not in json.dumps(lines(home)), "a sample file shows hidden tests"


def test_humaneval_plus_scores_as_lm_eval_does_by_its_own_tests(home: Home, tmp_path: Path) -> None:
    """EvalPlus's rows are HumanEval's with more tests: an answer may pass those of HumanEval and fail here."""
    rows = rows_of("HumanEval.jsonl.gz", slice(0, 4))
    special = rows[2]  # truncate_number
    special["test"] += "\n    assert candidate(0.25) == 0.25\n"
    answers = {row["task_id"]: row["canonical_solution"] for row in rows}
    answers["HumanEval/0"] = "    return False\n"
    answers["HumanEval/2"] = "    return round(number % 1.0, 6) if number > 1 else 0.5\n"

    def answer(prompt: str, seed: int) -> str:
        return next((answers[row["task_id"]] for row in rows if row["prompt"] in prompt), "ready")

    evaluation = by_lm_eval(home, tmp_path, lm_eval_task(tmp_path, "humaneval/humaneval_plus.yaml", rows), answers)
    with ModelServer(answer=answer, model=MODEL, jwt_secret="testing") as server:
        ours = submit(home, server, "humaneval_plus", tmp_path / "rows.jsonl")
    assert ours["results"]["humaneval_plus"]["pass@1,create_test"] == 2 / 4
    assert _figures(ours, "humaneval_plus") == _figures(evaluation.results, "humaneval_plus")
    asked = [json.loads(s["arguments"]["gen_args_0"]["arg_0"]) for s in evaluation.samples("humaneval_plus")]
    assert said(asked) == said(messages(server)), "the prompts are not lm-eval's"


@pytest.mark.parametrize("task", ["mbpp_instruct", "mbpp_plus_instruct", "mbpp_plus"])
def test_mbpp_scores_as_lm_eval_does_on_the_same_answers(home: Home, tmp_path: Path, task: str) -> None:
    rows = rows_of("mbpp.jsonl", slice(10, 16))
    if task.startswith("mbpp_plus"):  # its rows are the sanitized ones
        rows = [{**row, "prompt": row["text"], "test_imports": []} for row in rows]
    answers = {row["task_id"]: f"\n{row['code']}\n```" for row in rows}
    answers[12] = "\ndef sort_matrix(M):\n    return M\n```"
    answers[14] = "def find_Volume(l,b,h): return 240\n```"  # right for the first assertion alone
    if task == "mbpp_plus":  # a program as it is, without a fence
        answers = {name: text.removesuffix("```") for name, text in answers.items()}

    def answer(prompt: str, seed: int) -> str:
        return next((answers[row["task_id"]] for row in rows if row["text"] in prompt), "ready")

    evaluation = by_lm_eval(home, tmp_path, lm_eval_task(tmp_path, f"mbpp/{task}.yaml", rows), answers)
    with ModelServer(answer=answer, model=MODEL, jwt_secret="testing") as server:
        ours = submit(home, server, task, tmp_path / "rows.jsonl")
    assert _figures(ours, task) == _figures(evaluation.results, task)
    asked = [json.loads(s["arguments"]["gen_args_0"]["arg_0"]) for s in evaluation.samples(task)]
    assert said(asked) == said(messages(server)), "the prompts are not lm-eval's"


def test_documents_that_farm_cannot_pull_are_loaded_as_lm_eval_loads_them(tmp_path: Path) -> None:
    rows = rows_of("HumanEval.jsonl.gz", slice(0, 3))
    folder = tmp_path / "humanevalplus"
    folder.mkdir()
    write_rows(folder / "test.jsonl", rows)
    assert dataset_rows(harness_python(), str(folder), None, "test") == rows


def test_a_code_task_resumed_writes_the_same_files(home: Home, tmp_path: Path) -> None:
    rows = rows_of("mbpp.jsonl", slice(10, 13))
    data = write_rows(tmp_path / "rows.jsonl", rows)
    with ModelServer(answer=lambda prompt, seed: "[DONE]", model=MODEL, jwt_secret="testing") as server:
        first = submit(home, server, "mbpp", data)
        shutil.rmtree(home.out("run-1"))
        home.farm("resume", "run-1", "--out", str(home.out("run-1")), JWT_SECRET="testing").ok()
    [path] = (home.out("run-1") / "lm-eval").rglob("results_*.json")
    assert json.loads(path.read_text()) == first


def _figures(results: dict[str, Any], task: str) -> dict[str, Any]:
    found = {name: value for name, value in results["results"][task].items() if "," in name}
    return {name: value for name, value in found.items() if "stderr" not in name}
