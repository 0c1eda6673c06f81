"""`farm gate --sequential` against a scripted model server: it asks as few problems as it takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.benchmarks.sample import sample_path, sample_solutions
from farm.datasets.reader import read_problems
from farm.records import Verdict
from tests.support.embedded_home import Home, empty_home
from tests.support.model_server import ModelServer

pytestmark = pytest.mark.timeout(300)

MODEL = "meta-llama/Llama-3.2-3B-Instruct"
PROBLEMS = {p.problem_id: p.statement for p in list(read_problems(sample_path()))[:24]}


def answers(good: bool, prompt: str) -> str:
    for problem_id, statement in PROBLEMS.items():
        if statement in prompt:
            solved = [s for s in sample_solutions(problem_id) if s.verdict is Verdict.PASSED]
            return f"```python\n{solved[0].source if good else 'print(1)'}\n```"
    return "ready"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path) as home:
        home.env["JWT_SECRET"] = "testing"
        yield home


def test_a_kept_build_passes_and_a_lost_one_fails_before_all_is_asked(home: Home) -> None:
    with ModelServer(answer=lambda prompt, seed: answers(True, prompt), model=MODEL, jwt_secret="testing") as server:
        home.farm(
            "submit", "--model", "Llama-3.2-3B-Instruct", "--device", "n300", "--server-url", server.url, "--dataset",
            "sample", "--ids", ",".join(PROBLEMS), "--n", "2", "--temperature", "0.2", "--run-id", "base",
            "--judge", "judge",
        ).ok()  # fmt: skip
        gate = ("gate", "--sequential", "--against", "base", "--loss", "40", "--server-url", server.url, "--json")
        kept = json.loads(home.farm(*gate, "--name", "kept").ok().stdout)
        assert (kept["outcome"], kept["rule"]) == ("PASS", "sequential")
        assert kept["asked"] <= kept["problems"] == len(PROBLEMS)
        server.answer = lambda prompt, seed: answers(False, prompt)
        lost = home.farm(*gate, "--name", "lost", "--junit", str(home.path / "junit.xml"))
        assert lost.wait() == 1
        told = json.loads(lost.stdout)
        assert (told["outcome"], told["score"]) == ("FAIL", 0) and told["asked"] < 10
        assert 'failures="1"' in (home.path / "junit.xml").read_text()
    # Its answer is in the ledger: no server is needed to hear it again
    again = home.farm("gate", "lost", *gate[1:])
    assert again.wait() == 1
    assert json.loads(again.stdout) == told
