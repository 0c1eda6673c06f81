"""`farm submit` and `farm grade` on one machine: one command, nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.benchmarks.sample import sample_path
from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.records import SampleKey, Verdict
from tests.support.answers import Gate, ScriptedModel, gated
from tests.support.data import shared
from tests.support.farm_process import FarmProcess, environment, farm_processes, report_of, samples_of
from tests.support.model_server import ModelServer
from tests.support.wait import wait_until

pytestmark = pytest.mark.timeout(240)

PROBLEMS = ("farm_add", "farm_double", "farm_echo", "farm_length")
MODEL = "meta-llama/Llama-3.2-3B-Instruct"


started: list[FarmProcess] = []  # by the test that runs


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / "home"
    started.clear()
    yield home
    for process in started:
        process.kill()  # only a test that failed has left one
    wait_until(lambda: not farm_processes(home), "no process is left")
    assert list((home / "run").rglob("stack-*")) == [], "a stack's folder is left"


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel(PROBLEMS)


@pytest.fixture
def server(model: ScriptedModel) -> Iterator[ModelServer]:
    with ModelServer(answer=model.answer, model=MODEL, jwt_secret="testing") as running:
        yield running


def farm(home: Path, *arguments: str, **env: str) -> FarmProcess:
    process = FarmProcess(*arguments, env=environment(home, **env), log=home.parent / f"{arguments[0]}.log")
    started.append(process)
    return process


def submit(home: Path, server: ModelServer, *more: str, **env: str) -> FarmProcess:
    env.setdefault("JWT_SECRET", "testing")
    return farm(
        home, "submit", "--model", "Llama-3.2-3B-Instruct", "--device", "n300", "--server-url", server.url, "--dataset",
        "sample", "--ids", ",".join(PROBLEMS), "--n", "2", "--run-id", "run-1", "--out", str(home / "out"),
        *more, **env,
    )  # fmt: skip


def test_one_command_generates_judges_and_reports(home: Path, server: ModelServer, model: ScriptedModel) -> None:
    done = submit(home, server, "--judge", "judge").ok()
    found = {SampleKey(row["problem_id"], row["index"]): row["verdict"] for row in samples_of(home / "out")}
    assert found == {key: model.verdict(key).value for key in found} and len(found) == 8
    report = report_of(home / "out")
    assert [score["k"] for score in report["pass_at_k"]] == [1, 2]
    assert report["spec"]["model"]["repo"] == MODEL
    assert "pass@1" in done.stdout and str(home / "out" / "report.json") in done.stdout
    assert "judged 8/8" in done.stderr
    farm(home, "resume", "run-1").ok()  # a complete run is reported again, nothing is started
    again = farm(home, "report", "run-1", "--out", str(home / "again")).ok()
    assert report_of(home / "again")["pass_at_k"] == report["pass_at_k"] and "pass@1" in again.stdout
    assert "run-1" in farm(home, "runs").ok().stdout


def test_ctrl_c_leaves_nothing_and_resumes(home: Path, server: ModelServer, model: ScriptedModel) -> None:
    answered = 0

    def two_then_stop() -> None:
        nonlocal answered
        answered += 1
        if answered > 2:
            server.stopping.wait(60)

    server.answer = gated(model.answer, two_then_stop)
    running = submit(home, server, "--judge", "judge")
    ledger = f"sqlite:///{home / 'ledger.db'}"
    running.says("run run-1")
    with Ledger(ledger) as opened:
        wait_until(
            lambda: sum(s.completed for s in history.sample_states(opened, "run-1")) == 2,
            "two completions are recorded",
            timeout_s=60,
        )
    running.interrupt()
    assert running.wait() == 130
    assert "farm resume run-1" in running.stderr and "Traceback" not in running.stderr
    server.answer = model.answer
    farm(home, "resume", "run-1", "--out", str(home / "out"), JWT_SECRET="testing").ok()
    assert report_of(home / "out")["status"] == "COMPLETE"


def test_the_limit_of_a_server_is_seen_and_changed_from_beside(
    home: Path, server: ModelServer, model: ScriptedModel
) -> None:
    held = Gate(0)
    server.answer = gated(model.answer, held)
    running = submit(home, server, "--judge", "judge")
    wait_until(lambda: held.held == 8, "all requests are out", timeout_s=100)
    changed = farm(home, "server", "limit", server.url, "3").ok()
    assert changed.stdout == f"{server.url}: limit 3, in flight 8 (run-1 8), waiting 0\n"
    held.open()
    running.ok()
    assert report_of(home / "out")["status"] == "COMPLETE"


def test_kill_9_leaves_nothing_after_the_next_start(home: Path, server: ModelServer, model: ScriptedModel) -> None:

    def never() -> None:
        server.stopping.wait(60)

    server.answer = gated(model.answer, never)
    running = submit(home, server)
    running.says("in flight 8")
    assert list((home / "run").rglob("stack-*")), "there is no stack to leave behind"
    running.kill()
    wait_until(lambda: not farm_processes(home), "its workers and broker died with it")
    server.answer = model.answer
    farm(home, "resume", "run-1", "--out", str(home / "out"), JWT_SECRET="testing").ok()
    assert report_of(home / "out")["status"] == "COMPLETE"


@pytest.mark.fault
@pytest.mark.parametrize("victim", [1, 2, 3], ids=["broker", "execute worker", "generate worker"])
def test_a_dead_part_of_the_stack_is_started_again(
    home: Path, server: ModelServer, model: ScriptedModel, victim: int
) -> None:
    opened = threading.Event()

    def hold() -> None:
        opened.wait(60)

    server.answer = gated(model.answer, hold)
    running = submit(home, server, "--judge", "judge")
    running.says("in flight 8")
    [noted] = (home / "run").rglob("processes.json")
    os.kill(json.loads(noted.read_text())[victim][0], signal.SIGKILL)
    opened.set()
    running.ok()
    assert report_of(home / "out")["status"] == "COMPLETE"


def write_rows(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_grade_judges_every_row_and_says_which_test_failed(home: Path, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"question_id": "farm_square", "output": "```python\nprint(int(input()) ** 2)\n```"},
        {"question_id": "farm_square", "code": "n = int(input())\nprint(n * n if n >= 0 else 0)"},
        {"question_id": "farm_square", "output": "no code here"},
        {"question_id": "farm_square", "code": "print(int(input()) ** 2", "index": 7},
        {"question_id": "farm_echo", "code": "\ud800 = 1\x00"},
    ]
    completions = write_rows(tmp_path / "completions.jsonl", rows)
    out = home / "out"
    farm(home, "grade", "--dataset", "sample", "--completions", str(completions), "--judge", "judge", "--out", str(out),
         "--workers", "1").ok()  # fmt: skip
    found = {(r["problem_id"], r["index"]): r for r in samples_of(out)}
    verdicts = {key: row["verdict"] for key, row in found.items()}
    assert verdicts == {
        ("farm_square", 0): Verdict.PASSED,
        ("farm_square", 1): Verdict.WRONG_ANSWER,
        ("farm_square", 2): Verdict.NO_CODE,
        ("farm_square", 7): Verdict.SYNTAX_ERROR,
        ("farm_echo", 0): Verdict.SYNTAX_ERROR,
    }
    wrong = found["farm_square", 1]
    assert wrong["first_failure"] == len(wrong["cases"]) - 1 > 0
    assert [case["verdict"] for case in wrong["cases"]][:-1] == ["PASSED"] * wrong["first_failure"]
    assert found["farm_square", 0]["first_failure"] is None


def test_recorded_programs_get_their_recorded_public_verdicts(home: Path) -> None:
    graded = shared("lcb_sample_graded_codes.jsonl")
    out = home / "out"
    farm(home, "grade", "--dataset", str(shared("lcb_sample_problems.jsonl")), "--completions", str(graded), "--tests",
         "public", "--judge", "lcb", "--out", str(out)).ok(220)  # fmt: skip
    passed: dict[str, list[bool]] = {}
    for row in samples_of(out):
        passed.setdefault(row["problem_id"], []).append(row["passed"])
    compared = 0
    for recorded in map(json.loads, graded.read_text().splitlines()):
        found = passed[recorded["question_id"]].pop(0)
        if recorded["public_verdict"] is not None:
            compared += 1
            assert found == (recorded["public_verdict"] == "pass"), recorded["question_id"]
    assert compared == 200


LLAMA = ("--model", "Llama-3.2-3B-Instruct", "--device")
ON_SAMPLE = (*LLAMA, "n300", "--dataset", "sample")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--model", "Nonsense-7B", "--device", "n300"), "Model:=Nonsense-7B not found in EVAL_CONFIGS"),
        ((*LLAMA, "p150"), "model:=Llama-3.2-3B-Instruct does not support device:=p150; it supports n150, n300, t3k"),
        (("--model", "Llama-3.1-70B-Instruct", "--device", "t3k"), "Model:=Llama-3.1-70B-Instruct not found in EVAL_"),
        ((*LLAMA, "toaster"), "toaster"),
        ((*LLAMA, "n300", "--n", "2", "--k", "5"), "pass@5 needs at least 5 samples"),
        ((*LLAMA, "n300", "--dataset", "absent.jsonl"), "absent.jsonl"),
        ((*ON_SAMPLE, "--protocol", "x"), "unknown protocol x"),
        ((*ON_SAMPLE, "--run-id", "../../x"), "--run-id: not a run id"),
        ((*ON_SAMPLE, "--limit", "0"), "--limit 0 takes no problem"),
        ((*ON_SAMPLE, "--server-url", "http://127.0.0.1:9"), "no model server answers at http://127.0.0.1:9"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(home: Path, arguments: tuple[str, ...], says: str) -> None:
    done = farm(home, "submit", *arguments)
    assert done.wait() == 2
    assert says in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_a_wrong_key_is_one_line_and_exit_2(home: Path, server: ModelServer) -> None:
    done = submit(home, server, JWT_SECRET="wrong")
    assert done.wait() == 2
    assert "401" in done.stderr and "JWT_SECRET" in done.stderr and len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "no problem"), ("{}\n", "data.jsonl:1"), ("not json\n", "data.jsonl:1"), ("[1]\n", "data.jsonl:1")],
)
def test_a_bad_dataset_names_file_and_row(
    home: Path, server: ModelServer, tmp_path: Path, text: str, says: str
) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(text)
    completions = write_rows(tmp_path / "completions.jsonl", [{"question_id": "x", "code": "1"}])
    done = farm(home, "grade", "--dataset", str(path), "--completions", str(completions))
    assert done.wait() == 2
    assert says in done.stderr and "Traceback" not in done.stderr
    with Ledger(f"sqlite:///{home / 'ledger.db'}") as ledger:
        assert ledger.runs() == [], "a run was recorded for a dataset that cannot be read"


def test_bad_rows_can_be_skipped_and_are_counted(home: Path, server: ModelServer, tmp_path: Path) -> None:
    good = [line for line in sample_path().read_text().splitlines() if '"farm_square"' in line]
    path = tmp_path / "data.jsonl"
    path.write_text("\n".join([*good, "{broken"]) + "\n")
    completions = write_rows(tmp_path / "c.jsonl", [{"question_id": "farm_square", "code": "print(int(input()) ** 2)"}])
    arguments = ("grade", "--dataset", str(path), "--completions", str(completions), "--out", str(home / "out"))
    refused = farm(home, *arguments)
    assert refused.wait() == 2 and "data.jsonl:2" in refused.stderr
    farm(home, *arguments, "--skip-bad-rows").ok()
    assert report_of(home / "out")["spec"]["dataset"]["skipped_rows"] == 1
