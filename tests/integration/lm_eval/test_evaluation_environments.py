"""The evaluation environments as users get them: made from their locks, used by a task that names them, removed.

Each is some 700 MB of packages and takes minutes to make, so `make faults` does it. What CI has of each environment is
its lock; EVALS is installed there, for all other tests of lm-eval.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from farm.environments.process import plan_task, score_answers
from tests.support.embedded_home import Home, empty_home, write_rows
from tests.support.experiments.scale import only_in_full
from tests.support.lm_eval.r1_cases import EQUAL, EXPRESSIONS, by_farm
from tests.support.model_server import ModelServer

pytestmark = [pytest.mark.fault, only_in_full, pytest.mark.timeout(3600)]

MODEL = "meta-llama/Llama-3.2-3B-Instruct"
ASKED = "How many are 6 and 7?"
# environment -> lm-eval's own task, the name that it goes by, its documents, an answer, and the figures of that
CASES: dict[str, tuple[str, str, list[dict[str, object]], str, dict[str, float]]] = {
    "EVALS": (
        "gsm8k/gsm8k.yaml", "gsm8k", [{"question": ASKED, "answer": "6 + 7 = 13\n#### 13"}] * 6,
        "That makes #### 13", {"exact_match,strict-match": 1.0, "exact_match,flexible-extract": 1.0},
    ),
    "EVALS_REASON": (  # the text differs, and the number does not: for that it has its checkers
        "minerva_math/minerva_math_algebra.yaml", "minerva_math_algebra",
        [{"problem": ASKED, "solution": r"It is $\boxed{\frac{26}{4}\cdot 2}$."}],
        r"Final Answer: The final answer is $13$. I hope it is correct. So \boxed{13}.",
        {"exact_match,none": 1.0, "math_verify,none": 1.0},
    ),
    "EVALS_META": (  # Meta's task files are elsewhere; their checkers are those of lm-eval's own task
        "ifeval/ifeval.yaml", "meta_ifeval",
        [{
            "key": 1, "prompt": ASKED, "instruction_id_list": ["punctuation:no_comma", "change_case:english_lowercase"],
            "kwargs": [{}, {}],
        }],
        "there are thirteen of them and every one of them counts",
        {"prompt_level_strict_acc,none": 1.0, "inst_level_loose_acc,none": 1.0},
    ),
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path) as home:
        yield home


def made(home: Home, name: str) -> str:
    """The environment's Python, once `farm env create` has made it."""
    python = home.farm("env", "create", name).ok(3000).stdout.strip()
    [line] = [row for row in home.farm("env", "list").ok().stdout.splitlines() if row.startswith(f"{name} ")]
    assert python in line
    assert int(line.rpartition(", ")[2].removesuffix(" MiB")) < 1200, "it is larger than it needs to be"
    code = "import lm_eval, farm; from importlib.util import find_spec; print(find_spec('torch'), find_spec('celery'))"
    told = subprocess.run([python, "-P", "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.split()[0] == "None", "it has torch"
    assert (told.split()[1] == "None") == (name != "EVALS"), "farm lm-eval runs in EVALS alone"
    return python


def removed(home: Home, name: str) -> None:
    """It is gone, and so is all that it took."""
    assert home.farm("env", "remove", name).ok().stdout == f"{name}: removed\n"
    assert home.farm("env", "remove", name).ok().stdout == f"{name}: was not there\n"
    [line] = [row for row in home.farm("env", "list").ok().stdout.splitlines() if row.startswith(f"{name} ")]
    assert line.endswith("not made")
    assert list((home.path / "environments").iterdir()) == []


def own_task(python: str, folder: Path, source: str, name: str, rows: list[dict[str, object]]) -> Path:
    """lm-eval's own task on documents that are here."""
    [tasks] = Path(python).parents[1].glob("lib/python3*/site-packages/lm_eval/tasks")
    data, path = write_rows(folder / "rows.jsonl", rows), folder / "task.yaml"
    split = "train" if name == "meta_ifeval" else "test"
    path.write_text(
        f"include: {tasks}/{source}\ntask: {name}\ndataset_path: json\ndataset_name: null\n"
        f"dataset_kwargs: {{data_files: {{{split}: {data}, train: {data}}}}}\n"
    )
    return path


@pytest.mark.parametrize("name", CASES)
def test_a_task_runs_in_the_environment_that_it_names(home: Home, tmp_path: Path, name: str) -> None:
    source, task, rows, answer, figures = CASES[name]
    python = made(home, name)
    if name == "EVALS_REASON":
        pairs = [*EQUAL, *EXPRESSIONS]
        found = by_farm(python, answers=[], letters=[], equal=[(answer, recorded) for answer, recorded, _ in pairs])
        assert found["equal"] == [same for _, _, same in pairs], "the r1_* tasks compare as in Tenstorrent's fork"
    path = own_task(python, tmp_path, source, task, rows)
    with ModelServer(answer=lambda prompt, seed: answer, model=MODEL, jwt_secret="testing") as server:
        said = home.farm(
            "submit", "--task", str(path), "--model", MODEL, "--device", "n300", "--server-url", server.url,
            "--limit", "1", "--run-id", "run-1", "--out", str(home.out("run-1")), JWT_SECRET="testing",
        ).ok(600)  # fmt: skip
        [asked] = server.sample_bodies
    assert ASKED in asked["messages"][-1]["content"]
    assert len(asked["messages"]) == {"EVALS": 11, "EVALS_REASON": 9}.get(name, 1), "few-shot examples as turns"
    found = results(home)["results"][task]
    assert {key: found[key] for key in figures} == figures, said.stdout
    removed(home, name)


def test_the_environment_for_pictures_is_made_and_its_tasks_are_refused(home: Home, tmp_path: Path) -> None:
    """farm's servers take text, so none of its tasks runs there; lm-eval in it works."""
    python = made(home, "EVALS_VISION")
    subprocess.run([python, "-P", "-c", "import PIL.Image"], check=True)
    source, task, rows, answer, figures = CASES["EVALS"]
    plan = plan_task(
        python,
        {
            "task": str(own_task(python, tmp_path, source, task, rows)), "include_path": None, "num_fewshot": None,
            "limit": 1, "apply_chat_template": True, "system_instruction": None, "gen_kwargs": {}, "metadata": {},
        },
    )  # fmt: skip
    order = {"plan": plan, "model": MODEL, "bootstrap_iters": 0, "config": {}, "answers": [[answer]]}
    found = score_answers(python, order)["figures"]
    assert {key: found[key] for key in figures} == figures
    refused = home.farm("submit", "--task", "mmmu_val", "--model", MODEL, "--device", "n300")
    assert refused.wait() == 2
    assert "task mmmu_val needs pictures (EVALS_VISION)" in refused.stderr
    removed(home, "EVALS_VISION")


def results(home: Home) -> dict[str, Any]:
    """lm-eval's results file of the run."""
    [path] = (home.out("run-1") / "lm-eval").rglob("results_*.json")
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded
