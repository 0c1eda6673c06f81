"""The Python API over the embedded stack: runs made, read, compared, exported, stopped and resumed."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import farm
from farm.errors import DatasetError, RunNotFound
from tests.support.data import ROOT
from tests.support.farm_process import environment
from tests.support.model_server import ModelServer

MODEL, SECRET = "Llama-3.2-3B-Instruct", "a-secret-of-this-test"
REPO = f"meta-llama/{MODEL}"
IDS = ("farm_square", "farm_echo")
RIGHT = [
    {"question_id": "farm_square", "code": "print(int(input()) ** 2)"},
    {"question_id": "farm_echo", "code": "print(input())"},
]
WRONG = [{**RIGHT[0], "code": "print(0)"}, RIGHT[1]]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FARM_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("FARM_BROKER_URL", raising=False)
    monkeypatch.setenv("JWT_SECRET", SECRET)
    return tmp_path / "home"


def test_the_lines_of_the_readme(home: Path) -> None:
    [block] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", block], capture_output=True, text=True, env=environment(home), timeout=200, check=True
    )
    lines = done.stdout.splitlines()
    assert lines[-4].endswith(" 1.0") and lines[-3:] == ["farm_square#0 PASSED", "PASSED", "WRONG_ANSWER"]
    assert "{'PASSED': 1}" in lines[:-4]


def test_graded_runs_are_read_compared_and_exported(tmp_path: Path) -> None:
    said: list[str] = []
    good, bad = farm.grade("sample", RIGHT, run_id="good", say=said.append), farm.grade("sample", WRONG, run_id="bad")
    assert said == [next(line for line in said if line.startswith("run good: judging"))]
    assert good.report.pass_at_1 is not None and good.report.pass_at_1.score == 1.0
    assert {str(s.key): s.verdict for s in bad.samples()} == {"farm_echo#0": "PASSED", "farm_square#0": "WRONG_ANSWER"}
    found = good.compare(bad)
    assert [flip.problem_id for flip in found.better_a] == ["farm_square"] and not found.better_b
    [path] = bad.export("csv", tmp_path / "out")
    assert path.exists()
    assert farm.open_run("good").state == "complete"
    with pytest.raises(RunNotFound):
        farm.open_run("none")
    with pytest.raises(DatasetError, match="jsonl:1: neither output nor code"):
        farm.grade("sample", [{"question_id": "farm_square"}])


def test_submit_asks_a_server_with_what_was_chosen_and_tells_its_progress() -> None:
    seen: list[farm.Progress] = []
    choice = farm.ProblemChoice("sample", selection=farm.Selection(ids=frozenset(IDS)))
    with ModelServer(
        model=REPO, jwt_secret=SECRET, answer=lambda prompt, seed: "```python\nprint(input())\n```"
    ) as server:
        run = farm.submit(
            MODEL, "n300", problems=choice, servers=[server.url], sampling=farm.Sampling(n=2, temperature=0.5),
            on_progress=seen.append,
        )  # fmt: skip
    assert (run.spec.sampling.n, run.spec.sampling.temperature, run.spec.sampling.max_tokens) == (2, 0.5, 2048)
    assert run.report.complete and [s.passed for s in run.samples()] == [True, True, False, False]
    assert sum(seen[-1].phases.values()) == 4


def test_ctrl_c_pauses_a_run_and_the_error_says_how_to_go_on(home: Path) -> None:
    code = """
import farm
rows = [{"question_id": "farm_square", "index": n, "code": f"while {n + 1}: pass"} for n in range(40)]
try:
    farm.grade("sample", rows, run_id="stopped", on_progress=lambda progress: print("begun", flush=True))
except farm.Interrupted as exc:
    print(exc.remedy)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment(home))
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=200)
    assert rest.splitlines()[-1] == "continue with: farm resume stopped"
    assert process.returncode == 0 and farm.open_run("stopped").state == "paused"


def test_a_callback_pauses_a_run_which_resumes_in_another_thread() -> None:
    def stop(progress: farm.Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(farm.Interrupted) as caught:
        farm.grade("sample", RIGHT, run_id="stopped", on_progress=stop)
    assert "farm resume stopped" in caught.value.remedy
    run = farm.open_run("stopped")
    assert run.state == "paused" and not run.report.complete
    resumed: list[farm.Run] = []
    thread = threading.Thread(target=lambda: resumed.append(run.resume()))
    thread.start()
    thread.join(100)
    assert [each.state for each in resumed] == ["complete"]
