"""The `livecodebench` task that farm ships, in lm-eval itself, with a model that is not farm's."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from farm.benchmarks.sample import sample_path, sample_solutions
from farm.cli.run.lm_eval import tasks_folder
from farm.errors import ConfigError
from farm.lm_eval.plugin.livecodebench import documents
from tests.support.embedded_home import Home, empty_home, write_rows
from tests.support.farm_process import environment
from tests.support.lm_eval.harness import Evaluation, harness_python

pytestmark = pytest.mark.timeout(400)

PROBLEMS = ("farm_add", "farm_length", "farm_gates", "farm_inversions")  # easy to hard


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path) as home:
        yield home


def answers(problem_id: str) -> list[str]:
    """A right one, a wrong one, and prose."""
    right, *others = (s for s in sample_solutions(problem_id) if not s.name.startswith(("time", "memory", "output")))
    return [f"So:\n```python\n{s.source}\n```\n" for s in (right, others[0])] + ["I would not know."]


def task(folder: Path, repeats: int) -> str:
    """The shipped task, with repeats: a user's own YAML that includes it."""
    path = folder / f"repeated_{repeats}.yaml"
    path.write_text(f"include: {tasks_folder()}/livecodebench/livecodebench.yaml\nrepeats: {repeats}\n")
    return str(path)


def order(folder: Path, tasks: list[str], **more: Any) -> dict[str, Any]:
    rows: list[dict[str, object]] = [{"doc": name, "outputs": answers(name)} for name in PROBLEMS]
    path = write_rows(folder / "answers.jsonl", rows)
    metadata = {"dataset": "sample", "ids": list(PROBLEMS), **more}
    return {"model": "recorded", "model_args": {"path": str(path)}, "tasks": tasks, "metadata": metadata}


def test_recorded_answers_get_the_verdicts_of_farm_grade(home: Home, tmp_path: Path) -> None:
    evaluation = Evaluation(home, tmp_path / "lm", order(tmp_path, [task(tmp_path, 3)])).ok()
    rows: list[dict[str, object]] = [
        {"question_id": name, "output": text} for name in PROBLEMS for text in answers(name)
    ]
    home.grade("graded", write_rows(tmp_path / "c.jsonl", rows), "--protocol", "seed", "--ids", ",".join(PROBLEMS)).ok()

    by_farm: dict[str, list[bool]] = {}
    for result in home.results("graded"):
        by_farm.setdefault(result.problem_id, []).append(result.passed)
    samples = evaluation.samples("livecodebench")
    assert {s["doc"]["question_id"]: s["acc"] for s in samples} == {k: sum(v) / 3 for k, v in by_farm.items()}
    assert set(by_farm["farm_add"]) == {True, False}, "nothing is told apart"

    found = evaluation.results["results"]["livecodebench"]
    score = home.report("graded")["pass_at_k"][0]["score"]
    assert found["acc,none"] == found["pass@1,none"] == pytest.approx(score)
    assert evaluation.results["configs"]["livecodebench"]["dataset_path"] == "livecodebench/code_generation_lite"
    # No hidden test is in a sample file, and every repeat is
    assert all(len(s["filtered_resps"][0]) == 3 and set(s["doc"]) & {"private_test_cases"} == set() for s in samples)
    assert [s["target"] for s in samples] == [s["doc"]["question_id"] for s in samples]


def test_the_group_by_difficulty_and_the_choice_by_metadata(home: Home, tmp_path: Path) -> None:
    wanted = order(tmp_path, ["livecodebench_by_difficulty"])
    evaluation = Evaluation(home, tmp_path / "lm", {**wanted, "include_path": str(tasks_folder())}).ok()
    results = evaluation.results
    levels = [f"livecodebench_{level}" for level in ("easy", "medium", "hard")]
    assert [results["n-samples"][name]["effective"] for name in levels] == [2, 1, 1]
    assert results["group_subtasks"]["livecodebench_by_difficulty"] == levels
    assert results["results"]["livecodebench_by_difficulty"]["acc,none"] == 1.0  # the first answer is right


def test_release_and_days_choose_the_documents(home: Home, tmp_path: Path) -> None:
    """As LiveCodeBench's files are: each release adds one."""
    rows = sample_path().read_text().splitlines(keepends=True)
    for name, part in {"test.jsonl": rows[:20], "test2.jsonl": rows[20:40]}.items():
        (tmp_path / name).write_text("".join(part))
    days = [(json.loads(row)["question_id"], json.loads(row)["contest_date"][:10]) for row in rows[:20]]
    begin, end = days[4][1], days[10][1]
    window = {"dataset": str(tmp_path), "release": "v1", "start_date": begin, "end_date": end}
    code = (
        "import json, sys; from farm.lm_eval.plugin.livecodebench import documents\n"
        "for wanted in json.loads(sys.argv[1]): print(json.dumps(list(documents(**wanted)['test']['question_id'])))"
    )
    asked = [window, {"dataset": str(tmp_path), "release": "v2"}, {**window, "release": "v2", "limit": 3}]
    done = subprocess.run(
        [harness_python(), "-c", code, json.dumps(asked)],
        env=environment(home.path), capture_output=True, text=True, check=True,
    )  # fmt: skip
    chosen, whole, some = (json.loads(line) for line in done.stdout.splitlines())
    assert chosen == [name for name, day in days if begin <= day <= end]
    assert 7 <= len(chosen) < 20, "both days count, and the others do not"
    assert len(whole) == 40
    assert len(some) == 3 and set(some) < set(whole)


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ({"start_date": "yesterday"}, "--metadata start_date: 'yesterday' is no date"),
        ({"difficulty": "easy,odd"}, "--metadata difficulty: 'odd' is none of easy"),
        ({"limit": "all"}, "--metadata limit: 'all' is no number"),
        ({"tests": "some"}, "--metadata tests: 'some' is neither all nor public"),
    ],
)
def test_metadata_that_means_nothing_is_refused_by_name(metadata: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        documents(dataset="sample", **metadata)


def test_the_path_is_that_of_the_package(home: Home) -> None:
    printed = Path(home.farm("lm-eval", "path").ok().stdout.strip())
    names = {path.name for path in (printed / "livecodebench").glob("*.yaml")}
    assert {"livecodebench.yaml", "livecodebench_by_difficulty.yaml"} <= names
