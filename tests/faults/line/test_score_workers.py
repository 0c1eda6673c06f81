"""Workers that score tasks of lm-eval: absent, without secrets, and killed in the middle of their work."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from farm.environments.known import KNOWN
from farm.environments.store import Environments
from farm.ledger.control import orders_to_drive
from farm.records import SampleKey
from tests.support.cluster.cluster import MODEL, SECRET, SHARED, Cluster, running_cluster
from tests.support.embedded_home import Home, write_rows
from tests.support.experiments.history import history_of
from tests.support.experiments.scale import TIMEOUT_S, only_in_full, size
from tests.support.farm_process import FarmProcess, farm_processes
from tests.support.lm_eval.harness import give_environment
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.timeout(max(TIMEOUT_S, 400))]

COUNTRIES = {"France": "Paris", "Italy": "Rome", "Spain": "Madrid", "Ghana": "Accra"}
TASK = """
task: capitals
dataset_path: json
dataset_kwargs: {{data_files: {{test: {folder}/test.jsonl}}}}
test_split: test
output_type: generate_until
doc_to_text: "Capital of {{{{country}}}}?"
doc_to_target: "{{{{capital}}}}"
process_results: !function helpers.process
generation_kwargs: {{until: ["\\n"], max_gen_toks: 12, do_sample: true, temperature: 0.7}}
repeats: 2
metric_list: [{{metric: right, aggregation: mean, higher_is_better: true}}]
metadata: {{version: 1}}
"""
# The task's own code says where it is and what it can read there, and waits while it is told to
HELPERS = """
import json, os, time
from pathlib import Path

HERE = Path(__file__).parent

def process(doc, results):
    parent = Path(f"/proc/{os.getppid()}/environ").read_bytes().decode()
    seen = {"environ": dict(os.environ), "parent": parent, "home": os.listdir(os.environ["HOME"])}
    (HERE / "draft").write_text(json.dumps(seen))
    os.rename(HERE / "draft", HERE / f"scoring-{os.getpid()}")
    while (HERE / "hold").exists():
        time.sleep(0.01)
    return {"right": float(results[0] == doc["capital"])}
"""


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    folder = tmp_path / "tasks"
    folder.mkdir()
    write_rows(folder / "test.jsonl", [{"country": c, "capital": name} for c, name in COUNTRIES.items()])
    (folder / "capitals.yaml").write_text(TASK.format(folder=folder))
    (folder / "helpers.py").write_text(HELPERS)
    return folder


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """It has the environment EVALS, one generate worker, and no score worker."""
    with running_cluster(tmp_path, ["farm_add"], n=2) as cluster:
        cluster.problems = tuple(f"doc-{number}" for number in range(len(COUNTRIES)))
        give_environment(Home(cluster.home))
        cluster.server.answer = answer
        cluster.start_worker("generate", "g", slots=4)
        yield cluster


def answer(prompt: str, seed: int) -> str:
    """Right but for Ghana; what follows the newline tells the samples apart."""
    country = prompt.partition("Capital of ")[2].partition("?")[0]
    return "Lagos" if country == "Ghana" else COUNTRIES.get(country, "ready")


def submit(cluster: Cluster, tasks: Path, *more: str) -> FarmProcess:
    out = () if more else ("--out", str(cluster.out))
    return cluster.farm(
        "submit", "--task", "capitals", "--include-path", str(tasks), "--model", MODEL, "--device", "n300",
        "--server-url", cluster.server.url, "--run-id", "run-1", *out, *more, secret=cluster.token,
    )  # fmt: skip


def score_worker(cluster: Cluster, *more: str) -> FarmProcess:
    """A score worker, started by somebody whose shell holds the key of the model server."""
    return cluster.farm("worker", "score", *more, secret=SECRET, role="score")


def scoring(tasks: Path) -> dict[int, dict[str, Any]]:
    """The processes that have begun to score, and what they saw."""
    return {int(path.name.partition("-")[2]): json.loads(path.read_text()) for path in tasks.glob("scoring-*")}


def check_scored(cluster: Cluster) -> None:
    """Each sample was asked for and recorded once, lm-eval's files are there once, nothing is left in Redis."""
    history = history_of(cluster)
    assert set(history.requests.values()) == set(history.completions.values()) == {1}
    assert set(history.completions) == {SampleKey(f"doc-{number}", index) for number in range(4) for index in range(2)}
    [path] = (cluster.out / "lm-eval").rglob("results_*.json")
    [lines] = (cluster.out / "lm-eval").rglob("samples_capitals_*.jsonl")
    results = json.loads(path.read_text())
    assert results["results"]["capitals"]["right,none"] == 0.75
    assert [json.loads(line)["right"] for line in lines.read_text().splitlines()] == [1.0, 1.0, 1.0, 0.0]
    assert results["n-samples"]["capitals"] == {"original": 4, "effective": 4}
    assert cluster.run_keys() == []


def test_a_run_names_the_environment_it_waits_for_and_a_worker_without_secrets_finishes_it(
    cluster: Cluster, tasks: Path
) -> None:
    store = Environments(cluster.home / "environments")
    store.place(KNOWN["EVALS_META"]).symlink_to(store.place(KNOWN["EVALS"]))  # another name is another queue
    absent = score_worker(cluster, "--env", "EVALS_VISION")
    run = submit(cluster, tasks)
    other = score_worker(cluster, "--name", "other", "--env", "EVALS_META")
    assert absent.wait() == 2
    assert absent.stderr.splitlines()[-1] == (
        "farm: this host has no environment EVALS_VISION; make it: farm env create EVALS_VISION"
    )
    cluster.joined(other)
    run.says("no score worker has the environment EVALS: ", timeout_s=200)
    typed = run.stderr.splitlines()[-1].partition("then ")[2]
    assert typed == "farm worker score --env EVALS"
    assert len(cluster.completed()) == 8 and not scoring(tasks), "a worker without the environment took the job"

    right = score_worker(cluster, "--name", "right", *typed.split()[3:])
    said = run.ok(200).stdout
    assert "capitals right,none: 0.75" in said
    check_scored(cluster)
    listed = [line.split() for line in cluster.farm("workers").ok().stdout.splitlines()]
    assert {row[4] for row in listed if row[1] == "score"} == {"EVALS", "EVALS_META"}

    # What the task's code saw, and what the worker has: no key of the model server, although its starter had it
    [seen] = scoring(tasks).values()
    told = json.dumps(seen["environ"])
    assert not [secret for secret in (SECRET, SHARED, cluster.redis.url) if secret in told]
    assert not [name for name in seen["environ"] if name.startswith("FARM_")]
    assert f"FARM_BROKER_URL={cluster.redis.url}" in seen["parent"], "the parent is not the worker"
    assert SECRET not in seen["parent"]
    assert SECRET.encode() not in Path(f"/proc/{right.process.pid}/environ").read_bytes()
    logs = "".join(path.read_text() for path in cluster.logs.rglob("*.log"))
    assert SECRET not in logs + right.stderr


@pytest.mark.fault
def test_w13_a_score_worker_is_killed_in_the_middle(cluster: Cluster, tasks: Path) -> None:
    """W13: its lm-eval ends with it, another worker scores all answers, and the files are those of a quiet run."""
    hold = tasks / "hold"
    hold.touch()
    run, workers = submit(cluster, tasks), []
    for kill in range(size(2, 1)):
        workers.append(score_worker(cluster, "--name", "same"))

        def begun(number: int = kill, worker: FarmProcess = workers[-1]) -> bool:
            assert run.running and worker.running, run.stderr + worker.stderr
            return len(scoring(tasks)) > number

        wait_until(begun, "lm-eval scores", timeout_s=200)
        workers[-1].process.send_signal(signal.SIGKILL)
        workers[-1].wait()
        ended = set(scoring(tasks))
        wait_until(lambda pids=ended: not pids & set(farm_pids()), "the killed worker's lm-eval ends")  # type: ignore[misc]
        run.says("no score worker has the environment EVALS: ")
    hold.unlink()
    score_worker(cluster, "--name", "same")
    assert "capitals right,none: 0.75" in run.ok(200).stdout
    check_scored(cluster)
    assert len(scoring(tasks)) == size(2, 1) + 1, "it was scored more often than it was begun"
    cluster.stop()
    assert farm_processes(cluster.home) == []


@pytest.mark.fault
@only_in_full
def test_w13_the_service_is_killed_while_a_detached_run_waits_for_its_score(cluster: Cluster, tasks: Path) -> None:
    """The order stands until the run is scored: the next service has it done, and generates nothing."""
    submit(cluster, tasks, "--detach").ok(200)
    service = cluster.farm("coordinator")
    log = cluster.logs / "coordinator_logs" / "run-1.log"
    waits = lambda: log.exists() and "no score worker has the environment EVALS: " in log.read_text()  # noqa: E731
    wait_until(waits, "the run waits for its score", timeout_s=200)
    assert orders_to_drive(cluster.ledger), "no service would score it after this"
    asked = cluster.seeds_asked()
    service.kill()
    assert len(cluster.completed()) == 8
    unscored = cluster.farm("report", "run-1")
    assert unscored.wait() == 3 and "run-1 has no score yet" in unscored.stderr
    cluster.farm("coordinator")
    score_worker(cluster)
    wait_until(lambda: not orders_to_drive(cluster.ledger), "the order is fulfilled", timeout_s=200)
    assert "capitals right,none: 0.75" in cluster.farm("report", "run-1").ok().stdout
    assert cluster.seeds_asked() == asked


def test_a_detached_run_that_waits_for_its_score_can_be_cancelled(cluster: Cluster, tasks: Path) -> None:
    """It is paused as any other run; the answers stay, and `farm resume` has them scored."""
    submit(cluster, tasks, "--detach").ok(200)
    cluster.farm("coordinator")
    log = cluster.logs / "coordinator_logs" / "run-1.log"
    waits = lambda: log.exists() and "no score worker has the environment EVALS: " in log.read_text()  # noqa: E731
    wait_until(waits, "the run waits for its score", timeout_s=200)
    assert "run run-1 is cancelled" in cluster.farm("cancel", "run-1").ok().stdout
    wait_until(lambda: "run run-1 was cancelled; what was done is kept" in log.read_text(), "its coordinator ends")
    assert not orders_to_drive(cluster.ledger)
    assert len(cluster.completed()) == 8
    asked = cluster.seeds_asked()
    score_worker(cluster)
    assert "capitals right,none: 0.75" in cluster.farm("resume", "run-1").ok(200).stdout
    assert cluster.seeds_asked() == asked


def farm_pids() -> list[int]:
    """Living processes."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.append(int(entry.name))
        except OSError:
            continue
    return found
