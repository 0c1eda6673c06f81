"""`farm judge-server` as its callers see it: verdicts, refusals, overload, clients that hang up, lost processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.farm_process import FarmProcess, environment
from tests.support.sandbox import children
from tests.support.wait import wait_until

TOKEN = "a token of this test"
ECHO = {"func_name": None, "tests": [{"input": "7\n", "output": "7\n"}, {"input": "8\n", "output": "8\n"}]}
PASS, WRONG, ENDLESS = "print(input())", "print(7)", "while True: pass"


class Served:
    """A judge server and a session with its token."""

    def __init__(self, process: FarmProcess, url: str) -> None:
        self.process, self.url = process, url
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {TOKEN}"

    def post(self, path: str, **fields: Any) -> requests.Response:
        return self.session.post(self.url + path, json=fields, timeout=120)

    def judge(self, *programs: str, **fields: Any) -> list[dict[str, Any]]:
        answer = self.post("/v1/judge", programs=programs, **{"suite": ECHO, **fields})
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    def programs(self) -> float:
        """Programs that run or wait."""
        lines = self.session.get(self.url + "/metrics", timeout=30).text.splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith("farm_judge_programs "))


def serve(home: Path, *options: str) -> Served:
    home.mkdir(exist_ok=True)
    process = FarmProcess(
        "judge-server", "--listen", "127.0.0.1:0", *options,
        env=environment(home, FARM_JUDGE_TOKEN=TOKEN), log=home / "judge-server.log",
    )  # fmt: skip
    address = wait_until(lambda: process.stdout.strip() or not process.running, "the server listens", timeout_s=90)
    assert process.running, process.stderr
    return Served(process, str(address))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = serve(tmp_path_factory.mktemp("judge") / "home", "--slots", "2", "--waiting", "6")
    yield served
    served.process.stop()


def test_each_program_gets_its_verdict_in_order(server: Served) -> None:
    results = server.judge(PASS, WRONG, "print(", judge={"stop": "all"})
    assert [(r["index"], r["verdict"], r["passed"], r["share_passed"]) for r in results] == [
        (0, "PASSED", True, 1.0), (1, "WRONG_ANSWER", False, 0.5), (2, "SYNTAX_ERROR", False, 0.0),
    ]  # fmt: skip
    assert [test["verdict"] for test in results[1]["tests"]] == ["PASSED", "WRONG_ANSWER"]


def test_expected_outputs_are_in_no_answer_unless_asked_for(server: Served) -> None:
    secret = "a-hidden-output"
    suite = {"func_name": None, "tests": [{"input": "", "output": secret}]}
    plain = server.post("/v1/judge", programs=["print(1)"], suite=suite)
    assert plain.json()["results"][0]["verdict"] == "WRONG_ANSWER" and secret not in plain.text
    submitted = server.post(
        "/submit", dataset="x", id=1, completion="```python\nprint(1)\n```",
        config={"provided_data": {"id": 1, "test": [{"input": {"stdin": ""}, "output": {"stdout": secret}}]}},
    )  # fmt: skip
    assert submitted.json()["accepted"] is False and secret not in submitted.text


def test_a_suite_is_sent_once(server: Served) -> None:
    digest = server.post("/v1/suites", **ECHO).json()["suite_digest"]
    answer = server.post("/v1/judge", programs=[PASS], suite_digest=digest)
    assert answer.json()["results"][0]["passed"] is True
    unknown = server.post("/v1/judge", programs=[PASS], suite_digest="0" * 64)
    assert unknown.status_code == 404 and "/v1/suites" in unknown.json()["error"]["remedy"]


def test_a_stream_tells_each_verdict_when_it_is_known(server: Served) -> None:
    limits = {"cpu_s": 2.0, "wall_s": 20.0}
    fields = {"programs": [ENDLESS, PASS], "suite": ECHO, "limits": limits, "stream": True}
    with server.session.post(server.url + "/v1/judge", json=fields, stream=True, timeout=120) as answer:
        lines = [json.loads(line) for line in answer.iter_lines()]
    assert [(line.get("index"), line.get("verdict")) for line in lines[:-1]] == [(1, "PASSED"), (0, "TIME_LIMIT")]
    assert lines[-1] == {"done": True}


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"programs": [], "suite": ECHO}, 400, "programs"),
        ({"programs": [PASS]}, 400, "suite"),
        ({"programs": [PASS], "suite": {"func_name": None, "tests": []}}, 400, "suite.tests"),
        ({"programs": [PASS], "suite": ECHO, "judge": {"runtime": "other"}}, 400, "runtime"),
        ({"programs": ["def f(x): return x"], "suite": {"func_name": "f", "tests": [{"input": "{", "output": "1"}]}},
         400, "DatasetError"),
    ],
)  # fmt: skip
def test_what_a_caller_did_wrong_is_said_in_a_sentence(
    server: Served, fields: dict[str, Any], status: int, words: str
) -> None:
    answer = server.post("/v1/judge", **fields)
    assert answer.status_code == status and words in answer.json()["error"]["reason"]


def test_who_has_no_token_gets_nothing(server: Served) -> None:
    body = {"programs": [PASS], "suite": ECHO}
    assert requests.post(server.url + "/v1/judge", json=body, timeout=30).status_code == 401
    assert requests.get(server.url + "/metrics", timeout=30).status_code == 401
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall(b"POST /v1/judge HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413"), "a large body is not waited for"
    assert requests.get(server.url + "/healthz", timeout=30).json() == {"status": "ok", "slots": 2}


def test_the_time_of_a_request_is_bounded(server: Served) -> None:
    answer = server.post("/v1/judge", programs=[ENDLESS], suite=ECHO, budget_s=0.5)
    assert answer.status_code == 504 and "budget_s" in answer.json()["error"]["remedy"]
    assert server.judge(PASS)[0]["passed"] is True, "the slot is there again"


def test_too_many_waiting_are_told_when_to_come_again(server: Served) -> None:
    limits = {"cpu_s": 30.0, "wall_s": 60.0}
    busy = threading.Thread(
        target=lambda: server.post("/v1/judge", programs=[ENDLESS] * 8, suite=ECHO, limits=limits, budget_s=8)
    )
    busy.start()
    wait_until(lambda: server.programs() >= 8, "two run and six wait")
    other = Served(server.process, server.url)
    answer = other.post("/v1/judge", programs=[PASS], suite=ECHO)
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) >= 1
    busy.join()
    assert server.judge(PASS)[0]["passed"] is True


def test_a_client_that_hangs_up_frees_its_slots(server: Served) -> None:
    limits = {"cpu_s": 600.0, "wall_s": 600.0}
    body = json.dumps({"programs": [ENDLESS] * 4, "suite": ECHO, "limits": limits}).encode()
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(
            b"POST /v1/judge HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s"
            % (TOKEN.encode(), len(body), body)
        )
        wait_until(lambda: server.programs() == 4, "two of its programs run, two wait")
    wait_until(lambda: server.programs() == 0, "its programs are ended")
    assert server.judge(PASS)[0]["passed"] is True


def test_programs_are_confined(server: Served) -> None:
    program = "import socket\ntry:\n    socket.socket()\nexcept OSError:\n    print(input())"
    assert server.judge(program)[0]["passed"] is True


@pytest.mark.fault
def test_a_slot_that_is_killed_costs_an_error_and_never_a_verdict(server: Served) -> None:
    """Each answer is right or an error of the call, while slots are killed; whoever asks again gets a verdict."""
    wanted = {PASS: "PASSED", WRONG: "WRONG_ANSWER"}
    number = int(os.environ.get("FARM_JUDGE_REQUESTS", "60"))
    kills: list[int] = []
    answered: list[int] = []

    def kill_one() -> None:
        for pid in [pid for pid in children(server.process.process.pid) if is_slot(pid)][:1]:
            os.kill(pid, signal.SIGKILL)
            kills.append(pid)

    def ask(place: int) -> None:
        if place % 12 == 6:  # while three others ask
            kill_one()
        program = list(wanted)[place % 2]
        session = Served(server.process, server.url)
        while True:
            answer = session.post("/v1/judge", programs=[program], suite=ECHO)
            if answer.status_code == 200:
                assert answer.json()["results"][0]["verdict"] == wanted[program]
                answered.append(place)
                return
            assert answer.status_code in (429, 503), answer.text

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(number)))
    assert kills and sorted(answered) == list(range(number)), "each has one answer"
    assert server.judge(PASS, WRONG)[0]["passed"] is True


def is_slot(pid: int) -> bool:
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


# --- SandboxFusion's shapes -----------------------------------------------------------------------


def test_run_code_tells_what_a_program_did(server: Served) -> None:
    ran = server.post("/run_code", code="import sys; print(input()); sys.exit(3)", stdin="hi", language="python").json()
    assert (ran["status"], ran["run_result"]["return_code"], ran["run_result"]["stdout"]) == ("Failed", 3, "hi\n")
    fine = server.post("/run_code", code="print(1)", language="python").json()
    assert (fine["status"], fine["run_result"]["status"], fine["compile_result"]) == ("Success", "Finished", None)
    slow = server.post("/run_code", code=ENDLESS, language="python", run_timeout=1).json()
    assert (slow["status"], slow["run_result"]["status"]) == ("Failed", "TimeLimitExceeded")
    assert server.post("/run_code", code="int main(){}", language="cpp").status_code == 400


def test_submit_judges_on_the_tests_that_come_with_it(server: Served) -> None:
    tests = [{"input": {"stdin": text}, "output": {"stdout": text}} for text in ("7\n", "8\n")]
    config = {"language": "python", "provided_data": [{"id": "a", "test": tests}]}
    for program, accepted in (PASS, True), (WRONG, False):
        answer = server.post(
            "/submit", dataset="d", id="a", completion=f"So:\n```python\n{program}\n```", config=config
        )
        said = answer.json()
        assert (said["accepted"], said["extracted_code"].strip()) == (accepted, program)
        assert [test["passed"] for test in said["tests"]] == [True, accepted]
    assert server.post("/submit", dataset="d", id="b", completion="", config=config).status_code == 400


def test_it_finishes_what_was_begun_when_told_to_end(tmp_path: Path) -> None:
    served = serve(tmp_path / "home", "--slots", "1")
    program = "import time; time.sleep(1); print(input())"
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(served.judge, program)
        wait_until(lambda: Served(served.process, served.url).programs() == 1, "it runs")
        served.process.process.terminate()
        assert answer.result()[0]["passed"] is True
    assert served.process.wait(60) == 0
