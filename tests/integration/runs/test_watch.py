"""`farm status`, `farm watch`, `farm cancel`: a run seen and stopped by other processes than the one that drives it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.answers import ScriptedModel, gated
from tests.support.embedded_home import Home, empty_home
from tests.support.farm_process import FarmProcess, report_of
from tests.support.model_server import ModelServer

pytestmark = pytest.mark.timeout(240)

PROBLEMS = ("farm_add", "farm_double", "farm_echo", "farm_length")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path) as made:
        yield made


@pytest.fixture
def server() -> Iterator[ModelServer]:
    model = ScriptedModel(PROBLEMS)
    with ModelServer(answer=model.answer, model="meta-llama/Llama-3.2-3B-Instruct") as running:
        yield running


def submit(home: Home, server: ModelServer, *more: str) -> FarmProcess:
    return home.farm(
        "submit", "--model", "Llama-3.2-3B-Instruct", "--device", "n300", "--server-url", server.url, "--dataset",
        "sample", "--ids", ",".join(PROBLEMS), "--n", "2", "--judge", "judge", "--run-id", "run-1", "--out",
        str(home.out("run-1")), *more,
    )  # fmt: skip


def test_a_run_is_watched_and_cancelled_from_elsewhere_and_resumes(home: Home, server: ModelServer) -> None:
    answer, opened = server.answer, threading.Event()
    free = threading.Semaphore(3)

    def gate() -> None:
        if not free.acquire(blocking=False):
            opened.wait(60)

    server.answer = gated(answer, gate)
    running = submit(home, server)
    running.says("judged 3/8")
    watching = home.farm("watch", "run-1")
    watching.says("judged 3/8")
    seen = json.loads(home.farm("status", "run-1", "--json").ok().stdout)
    assert seen["samples"] == {"planned": 8, "generated": 3, "judged": 3}
    assert f":{running.process.pid}:" in seen["driven by"] and seen["state"] == "running"
    assert "3/8 judged" in home.farm("runs").ok().stdout

    cancel = home.farm("cancel", "run-1")
    assert running.wait() == 3 and "run-1 was cancelled" in running.stderr and "farm resume run-1" in running.stderr
    assert "run-1 is cancelled" in cancel.ok().stdout
    assert watching.wait() == 3 and "cancelled" in watching.stderr
    opened.set()
    server.answer = answer
    home.farm("resume", "run-1", "--out", str(home.out("run-1"))).ok()
    assert report_of(home.out("run-1"))["status"] == "COMPLETE"
    assert "complete" in home.farm("watch", "run-1").ok().stdout
    assert home.farm("cancel", "run-1").wait() == 2


def test_another_spec_under_the_same_name_is_refused_by_field(home: Home, server: ModelServer) -> None:
    submit(home, server).ok()
    other = submit(home, server, "--temperature", "0.9")
    assert other.wait() == 2 and "sampling.temperature: planned" in other.stderr
    assert other.stderr.splitlines()[-1].startswith("farm: run run-1 exists") and "Traceback" not in other.stderr
    same = submit(home, server)
    assert same.wait() == 2 and "farm resume run-1" in same.stderr
