"""`farm repair`: the programs that failed in a run are asked for again, the others taken over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.benchmarks.sample import sample_solutions
from farm.ids import sample_seed
from farm.records import Verdict
from tests.support.answers import ScriptedModel
from tests.support.embedded_home import Home, empty_home
from tests.support.model_server import ModelServer

pytestmark = pytest.mark.timeout(300)

MODEL = "meta-llama/Llama-3.2-3B-Instruct"
PROBLEMS = ("farm_add", "farm_double", "farm_length")
N = 3


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path) as home:
        yield home


def test_what_failed_is_asked_for_again_and_what_passed_is_kept(home: Home) -> None:
    model = ScriptedModel(PROBLEMS)

    def answer(prompt: str, seed: int) -> str:
        if "is not passing the tests" not in prompt:
            return model.answer(prompt, seed)
        name = next(name for statement, name in model._statements.items() if statement in prompt)
        return f"It was wrong.\n```python\n{sample_solutions(name)[0].source}\n```"

    with ModelServer(answer=answer, model=MODEL, jwt_secret="testing") as server:
        home.farm(
            "submit", "--model", MODEL, "--device", "n300", "--server-url", server.url, "--dataset", "sample", "--ids",
            ",".join(PROBLEMS), "--n", str(N), "--protocol", "official", "--run-id", "run-1", "--out",
            str(home.out("run-1")), JWT_SECRET="testing",
        ).ok()  # fmt: skip
        before = {result.key: result for result in home.results("run-1")}
        wrong = [key for key, result in before.items() if result.verdict is not Verdict.PASSED]
        assert wrong and len(wrong) < len(before)
        asked = len(server.sample_bodies)
        done = home.farm(
            "repair", "run-1", "--run-id", "run-2", "--out", str(home.out("run-2")), JWT_SECRET="testing"
        ).ok()
        again = [body["messages"] for body in server.sample_bodies[asked:]]
    assert f"asking again for {len(wrong)} programs of run-1" in done.stderr
    assert len(again) == len(wrong), "what passed is asked for again"
    for key in wrong:
        source = model.solution(key.problem_id, sample_seed(42, key.problem_id, key.index)).source
        assert any(source.strip() in messages[1]["content"] for messages in again), "the failed program is not shown"
    assert all(messages[0]["role"] == "system" and "Input: " in messages[1]["content"] for messages in again)
    assert all(result.verdict is Verdict.PASSED for result in home.results("run-2"))
    assert home.report("run-2")["pass_at_k"][0]["score"] == 1.0
    assert home.report("run-2")["spec"]["repairs"]["run_id"] == "run-1"
    assert {r.key: r.verdict for r in home.results("run-1")} == {key: r.verdict for key, r in before.items()}
