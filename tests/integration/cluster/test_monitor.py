"""Flower and the exporter during a real run: what they show, to whom, and in a real browser."""

from __future__ import annotations

import os
import re
import socket
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.support.answers import ScriptedModel
from tests.support.browser import chromium
from tests.support.cluster.site import Site, running_site
from tests.support.data import ROOT
from tests.support.farm_process import FarmProcess
from tests.support.model_server import ModelServer
from tests.support.redis_server import free_port
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.timeout(400)]

PASSWORD = "a-password-of-this-test"
CREDENTIALS = ("farm", PASSWORD)
PROBLEMS = ("farm_add", "farm_echo", "farm_reverse")
EVENTS = {"FARM_TASK_EVENTS": "1"}


@dataclass(frozen=True)
class Watched:
    """A run that ended while Flower and the exporter looked on."""

    site: Site
    flower: str
    exporter: str
    server: str


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    model = ScriptedModel(PROBLEMS)
    with (
        running_site(tmp_path_factory.mktemp("site")) as site,
        ModelServer(answer=model.answer, model="meta-llama/Llama-3.2-3B-Instruct") as server,
    ):
        flower, exporter = (f"127.0.0.1:{free_port()}" for _ in range(2))
        pages = [site.farm(name, "--listen", place, FARM_WEB_PASSWORD=PASSWORD)
                 for name, place in (("flower", flower), ("exporter", exporter))]  # fmt: skip
        site.farm("worker", "generate", "--name", "g", "--slots", "4", **EVENTS)
        site.farm("worker", "execute", "--name", "e", "--slots", "1", **EVENTS)
        site.joined("g", "e")
        for place, page in zip((flower, exporter), pages, strict=True):
            wait_until(lambda place=place, page=page: listens(place, page), f"{place} listens", timeout_s=100)  # type: ignore[misc]
        site.farm(
            "submit", "--model", "Llama-3.2-3B-Instruct", "--device", "n300", "--server-url", server.url,
            "--dataset", "sample", "--ids", ",".join(PROBLEMS), "--n", "2", "--run-id", "run-1", **EVENTS,
        ).ok(200)  # fmt: skip
        yield Watched(site, f"http://{flower}", f"http://{exporter}", server.url)


def listens(place: str, process: FarmProcess) -> bool:
    assert process.running, process.stderr[-2000:]
    host, _, port = place.partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def metrics(watched: Watched) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Every sample of /metrics by its name: its labels and its value."""
    answer = requests.get(f"{watched.exporter}/metrics", auth=CREDENTIALS, timeout=60)
    assert answer.status_code == 200
    found = defaultdict(list)
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found[sample.name].append((sample.labels, sample.value))
    return found


def total(found: dict[str, list[tuple[dict[str, str], float]]], name: str, **labels: str) -> float:
    """The sum of a metric over those samples that have these labels; there is at least one."""
    values = [value for has, value in found[name] if labels.items() <= has.items()]
    assert values, (name, labels, found[name])
    return sum(values)


@pytest.mark.parametrize("given", [None, ("farm", "wrong"), ("root", PASSWORD)])
def test_without_the_password_nothing_is_shown(watched: Watched, given: tuple[str, str] | None) -> None:
    for url in (f"{watched.exporter}/", f"{watched.exporter}/metrics", f"{watched.flower}/tasks", f"{watched.flower}/"):
        answer = requests.get(url, auth=given, timeout=60)
        assert answer.status_code == 401, url
        assert "run-1" not in answer.text
    assert requests.get(f"{watched.exporter}/health", timeout=60).text == "ok\n"


def test_metrics_tell_of_the_run_the_queues_and_the_workers(watched: Watched) -> None:
    def idle() -> bool:  # workers say so with their next beat, and the run may have ended before it
        return total(metrics(watched), "farm_worker_slots", state="idle") == 4 + 1

    wait_until(idle, "the workers have said that they are idle", timeout_s=30)
    found = metrics(watched)
    assert total(found, "farm_up") == 1
    assert total(found, "farm_samples", run="run-1", state="judged") == 6
    assert total(found, "farm_samples", run="run-1") == 6
    assert total(found, "farm_verdicts_total", run="run-1") == 6
    assert total(found, "farm_run_state", run="run-1", state="complete") == 1
    assert total(found, "farm_queue_depth", queue="execute") == 0
    assert total(found, "farm_generate_seconds_count", server=watched.server) == 6
    assert total(found, "farm_ttft_seconds_count", server=watched.server) == 6
    assert total(found, "farm_tokens_total", server=watched.server, kind="completion") > 0
    assert total(found, "farm_worker_slots", role="generate", state="idle") == 4
    assert total(found, "farm_worker_slots", role="execute", state="idle") == 1
    assert total(found, "farm_admission_limit", server=watched.server) == 32
    assert total(found, "farm_admission_in_use", server=watched.server) == 0
    assert total(found, "farm_server_sick", server=watched.server) == 0
    assert total(found, "farm_redis_memory_bytes") > 0
    assert total(found, "farm_admission_in_use", server=watched.server) == 0
    assert total(found, "farm_execute_seconds_count") == 6
    assert total(metrics(watched), "farm_generate_seconds_count") == 6, "a record was read twice"


def test_alerts_and_dashboard_ask_for_metrics_that_there_are(watched: Watched) -> None:
    said = requests.get(f"{watched.exporter}/metrics", auth=CREDENTIALS, timeout=60).text
    there = set(re.findall(r"(?m)^# TYPE (\w+)", said))
    there |= {f"{name}_bucket" for name in there}
    deploy = ROOT / "deploy"
    asked = (deploy / "prometheus" / "alerts.yml").read_text() + (
        deploy / "grafana" / "dashboards" / "farm.json"
    ).read_text()
    wanted = set(re.findall(r"\bfarm_\w+", asked))
    assert len(wanted) > 15
    assert wanted - there <= {"farm_redis_memory_limit_bytes"}, "which a Redis without a limit has not"


def test_flower_shows_the_tasks_by_the_samples_that_they_are_of(watched: Watched) -> None:
    def told() -> bool:
        found = requests.get(f"{watched.flower}/api/tasks", auth=CREDENTIALS, timeout=60).json()
        states = [task["state"] for task in found.values()]
        return states.count("SUCCESS") == len(states) and len(states) >= 6

    wait_until(told, "Flower has heard of each task's end", timeout_s=60)
    tasks = requests.get(f"{watched.flower}/api/tasks", auth=CREDENTIALS, timeout=60).json()
    assert {task["name"] for task in tasks.values()} == {"farm.generate", "farm.execute"}
    assert {task["kwargs"] for task in tasks.values() if task["name"] == "farm.generate"} == {
        f"{{'run': 'run-1', 'sample': '{problem}#{index}', 'attempt': 1}}" for problem in PROBLEMS for index in range(2)
    }, "ids, and no content"


def test_flowers_broker_page_shows_farms_queues(watched: Watched) -> None:
    text = requests.get(f"{watched.flower}/broker", auth=CREDENTIALS, timeout=60).text
    for name in ("execute", "generate.meta-llama_Llama-3.2-3B-Instruct"):
        assert re.search(rf"<td>\s*{re.escape(name)}\s*</td>", text), text[-2000:]
    assert "unrouted" not in text


def test_flower_can_do_nothing(watched: Watched) -> None:
    for path in ("/api/task/send-task/farm.execute", "/api/task/async-apply/farm.execute", "/api/worker/shutdown/e@x"):
        answer = requests.post(f"{watched.flower}{path}", auth=CREDENTIALS, json={"args": []}, timeout=60)
        assert answer.status_code == 403, path


def test_both_pages_show_the_run_in_a_browser(watched: Watched, tmp_path: Path) -> None:
    """With FARM_SCREENSHOTS=FOLDER the pictures of the documents are made again."""
    pictures = os.environ.get("FARM_SCREENSHOTS")
    folder = Path(pictures) if pictures else tmp_path

    def with_password(url: str) -> str:
        return url.replace("http://", f"http://{CREDENTIALS[0]}:{CREDENTIALS[1]}@", 1)

    with chromium(tmp_path / "profile") as browser:
        page = browser.page(with_password(watched.exporter) + "/", height=620)
        text = page.run("document.body.innerText")
        assert "run-1" in text and "6/6" in text and "complete" in text
        assert re.search(r"e@\S+\s+execute", text)
        assert page.wrong() == []
        page.screenshot(folder / "exporter.png")
        page = browser.page(with_password(watched.flower) + "/tasks", width=1600, height=620)
        page.until("document.body.innerText.includes('SUCCESS')", "Flower lists tasks that ended")
        text = page.run("document.body.innerHTML")
        assert "farm.execute" in text and "farm.generate" in text
        assert re.search(r"'run': 'run-1', 'sample': 'farm_\w+#[01]', 'attempt': 1", text), text[-3000:]
        page.screenshot(folder / "flower.png")
    assert (folder / "flower.png").stat().st_size > 10_000 and (folder / "exporter.png").stat().st_size > 10_000


@pytest.mark.parametrize("command", ["flower", "exporter"])
def test_without_a_password_a_page_is_read_by_the_name_of_this_machine_alone(tmp_path: Path, command: str) -> None:
    place = f"127.0.0.1:{free_port()}"
    with running_site(tmp_path) as site:
        process = site.farm(command, "--listen", place)
        wait_until(lambda: listens(place, process), f"{place} listens", timeout_s=100)

        def status(host: str) -> int:
            return requests.get(f"http://{place}/", headers={"Host": host}, timeout=60).status_code

        assert [status(host) for host in (place, "localhost", "evil.example", "127.0.0.1.evil.example")] == [
            200, 200, 403, 403
        ]  # fmt: skip
        assert "Traceback" not in process.stderr


@pytest.mark.parametrize("command", ["flower", "exporter"])
@pytest.mark.parametrize(("listen", "why"), [("0.0.0.0:0", "other hosts could reach it"), ("5555", "is no HOST:PORT")])
def test_a_page_for_other_hosts_needs_a_password(tmp_path: Path, command: str, listen: str, why: str) -> None:
    with running_site(tmp_path) as site:
        process = site.farm(command, "--listen", listen)
        assert process.wait() == 2
        assert why in process.stderr
