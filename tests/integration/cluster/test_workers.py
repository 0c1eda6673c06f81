"""Workers as an operator sees them: listed, asked to leave, growing with their queue."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

import farm
from tests.support.answers import ScriptedModel, gated
from tests.support.cluster.site import KEYS, Site, running_site
from tests.support.farm_process import report_of
from tests.support.model_server import ModelServer
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.timeout(240)]

MODEL = "meta-llama/Llama-3.2-3B-Instruct"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with running_site(tmp_path) as site:
        yield site


def test_workers_are_listed_and_one_that_is_asked_to_leave_loses_nothing(site: Site, tmp_path: Path) -> None:
    opened = threading.Event()
    model = ScriptedModel(("farm_add", "farm_echo"))
    answer = gated(model.answer, lambda: cast(None, opened.wait(200)))
    with ModelServer(answer=answer, model=MODEL) as server:
        leaving = site.farm("worker", "generate", "--name", "leaving", "--slots", "2")
        site.farm("worker", "execute", "--name", "one", "--slots", "1")
        site.joined("leaving", "one")
        submit = site.farm(
            "submit", "--model", "Llama-3.2-3B-Instruct", "--device", "n300", "--server-url", server.url,
            "--dataset", "sample", "--ids", "farm_add,farm_echo", "--n", "1", "--out", str(tmp_path / "out"),
        )  # fmt: skip
        wait_until(lambda: any(w.busy == 2 for w in site.workers()), "two requests are out", timeout_s=60)

        listed = site.farm("workers").ok().stdout.splitlines()
        assert listed[0].split() == ["worker", "role", "host", "version", "tier/env", "slots", "busy", "load", "seen"]
        execute, generate = (line.split() for line in listed[1:])
        assert (execute[1], execute[3]) == ("execute", farm.__version__) and execute[4] in ("ns", "uid", "landlock")
        assert (generate[1], generate[4:8]) == ("generate", ["-", "2", "2", "100"])

        asked = site.farm("workers", "drain", "leav", "--wait", "100")
        wait_until(lambda: any(w.draining for w in site.workers()), "it drains", timeout_s=60)
        assert "draining" in site.farm("workers").ok().stdout
        opened.set()
        assert asked.ok().stdout.splitlines()[-1].endswith(" left")
        assert leaving.wait() == 0
        submit.ok()
    assert report_of(tmp_path / "out")["status"] == "COMPLETE"
    seeds = [body["seed"] for body in server.sample_bodies]
    assert len(seeds) == len(set(seeds)) == 2, "the job that it held was given to another worker"


def test_a_worker_of_another_version_is_named(site: Site) -> None:
    said: dict[Any, Any] = {
        "role": "execute",
        "host": "elsewhere",
        "version": "0.0.1",
        "slots": "1",
        "busy": "0",
        "sandboxes": "no",
    }
    site.redis.client().hset(KEYS.worker("old@elsewhere"), mapping=said)
    process = site.farm("workers").ok()
    assert f"caution: farm 0.0.1 on old@elsewhere; this is {farm.__version__}" in process.stderr


@pytest.mark.parametrize(("name", "why"), [("nobody", "no worker is named nobody"), ("o", "o fits 2 workers")])
def test_a_name_that_fits_no_worker_or_several_is_a_mistake(site: Site, name: str, why: str) -> None:
    for worker in ("one@a", "other@a"):
        site.redis.client().hset(KEYS.worker(worker), mapping={"role": "execute", "slots": "1"})
    process = site.farm("workers", "drain", name)
    assert process.wait() == 2
    assert process.stderr.startswith(f"farm: {why}")
    assert not list(site.redis.client().scan_iter("farm:drain:*"))


def test_an_execute_worker_grows_with_its_queue_and_shrinks_when_it_is_idle(site: Site, tmp_path: Path) -> None:
    program = "import time\nstop = time.monotonic() + 2\nwhile time.monotonic() < stop: pass\nprint(input())\n"
    answers = tmp_path / "answers.jsonl"
    rows = [{"question_id": "farm_echo", "index": i, "code": f"{program}# {i}\n"} for i in range(6)]
    answers.write_text("".join(json.dumps(row) + "\n" for row in rows))
    site.farm("worker", "execute", "--name", "w", "--slots", "1-3", AUTOSCALE_KEEPALIVE="1")
    site.joined("w")
    assert [(w.slots, w.most_slots) for w in site.workers()] == [(1, 3)]
    grade = site.farm(
        "grade", "--dataset", "sample", "--completions", str(answers), "--ids", "farm_echo", "--judge", "judge",
        "--out", str(tmp_path / "out"),
    )  # fmt: skip
    wait_until(lambda: [w.slots for w in site.workers()] == [3], "it grew", timeout_s=100)
    grade.wait()
    assert report_of(tmp_path / "out")["status"] == "COMPLETE"
    wait_until(lambda: [w.slots for w in site.workers()] == [1], "it shrank", timeout_s=100)


@pytest.mark.parametrize("slots", ["0", "2-1", "1-", "many", "1-999"])
def test_slots_that_are_no_range_are_a_mistake(site: Site, slots: str) -> None:
    process = site.farm("worker", "execute", "--slots", slots)
    assert process.wait() == 2
    assert "--slots" in process.stderr
