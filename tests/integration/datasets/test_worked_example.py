"""The package that docs/benchmarks.md walks through works as it is written there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.data import ROOT
from tests.support.farm_process import FarmProcess, environment, samples_of
from tests.support.model_server import ModelServer, fixed_answers
from tests.support.redis_server import real_redis_binary, running_redis
from tests.support.wait import wait_until

pytestmark = pytest.mark.timeout(240)

DOCUMENT = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
MODEL = "meta-llama/Llama-3.2-3B-Instruct"
RIGHT = (
    "So:\n```python\ndef evens(values):\n    return [v for v in values if fmod(v, 2) == 0]\n```\nAnd\n```python\ncut"
)
WRONG = "```\ndef evens(values):\n    return values\n```"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which pip has installed the document's package."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    for name, kind in ("pyproject.toml", "toml"), ("evens_benchmark.py", "python"):
        found = re.search(rf"(?s)`{re.escape(name)}` .*?```{kind}\n(.*?)```", DOCUMENT)
        assert found is not None
        (source / name).write_text(found[1], encoding="utf-8")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    subprocess.run([*command, "--no-build-isolation", "--no-index", "--target", target, source], check=True)
    return target


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    row = re.search(r"rows like\n`(\{.*?\})`", DOCUMENT)
    assert row is not None
    path = tmp_path / "evens.jsonl"
    path.write_text(row[1] + "\n", encoding="utf-8")
    return path


@pytest.fixture
def processes() -> Iterator[list[FarmProcess]]:
    started: list[FarmProcess] = []
    yield started
    for process in started:
        process.stop()


def with_package(package: Path, home: Path, **extra: str) -> dict[str, str]:
    return environment(home, PYTHONPATH=os.pathsep.join((str(ROOT), str(package))), **extra)


def test_completions_of_the_documents_benchmark_are_graded(package: Path, dataset: Path, tmp_path: Path) -> None:
    answers = tmp_path / "answers.jsonl"
    body = "def evens(values):\n    return [v for v in values if fmod(v, 2) == 0]\n"
    rows = [{"output": RIGHT}, {"output": WRONG}, {"output": "I do not know."}, {"code": body}]
    answers.write_text("".join(json.dumps({"question_id": "evens/7", **row}) + "\n" for row in rows))
    command = ["grade", "--dataset", str(dataset), "--protocol", "evens", "--completions", str(answers)]
    out = tmp_path / "out"
    FarmProcess(*command, "--out", str(out), env=with_package(package, tmp_path), log=tmp_path / "grade.log").ok()
    assert [row["verdict"] for row in samples_of(out)] == ["PASSED", "WRONG_ANSWER", "NO_CODE", "PASSED"]

    without = FarmProcess(*command, env=environment(tmp_path / "other"), log=tmp_path / "without.log")
    assert without.wait() == 2
    assert "unknown protocol evens" in without.stderr


@pytest.mark.redis
def test_workers_of_other_hosts_need_nothing_of_the_package(
    package: Path, dataset: Path, tmp_path: Path, processes: list[FarmProcess]
) -> None:
    """Both kinds of worker run without it; the coordinator alone has it."""
    with (
        running_redis(tmp_path / "redis", binary=real_redis_binary()) as redis,
        ModelServer(answer=fixed_answers({"default": RIGHT}), model=MODEL, token="token") as server,
    ):
        broker = {"FARM_BROKER_URL": redis.url, "FARM_SECRET": "shared-by-all-workers", "VLLM_API_KEY": "token"}
        for role in "generate", "execute":
            home = tmp_path / role
            processes.append(FarmProcess("worker", role, env=environment(home, **broker), log=tmp_path / f"{role}.log"))
        out = tmp_path / "out"
        submit = FarmProcess(
            "submit", "--model", "Llama-3.2-3B-Instruct", "--device", "n300", "--server-url", server.url,
            "--dataset", str(dataset), "--protocol", "evens", "--out", str(out),
            env=with_package(package, tmp_path / "coordinator", **broker), log=tmp_path / "submit.log",
        )  # fmt: skip
        processes.append(submit)
        wait_until(lambda: not submit.running, "the run ends", timeout_s=150)
        submit.ok()
    assert [row["verdict"] for row in samples_of(out)] == ["PASSED"]
    spec = json.loads((out / "report.json").read_text())["spec"]
    assert (spec["eval_task"], spec["protocol"]) == ("evens", "evens@1")
