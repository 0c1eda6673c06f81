"""The cluster of docker-compose.yml on a real engine, by the lines that docs/operations.md tells a newcomer to type.

The model server is a container on the network `model`, as scripted as in other tests. In mid-run execute grows from one
container to three, and the first is killed; then it is tried from inside what an execute container can reach.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.data import ROOT
from tests.support.docker_engine import LABEL, missing
from tests.support.farm_process import environment
from tests.support.images import ROLES, TAG, image
from tests.support.redis_server import free_port
from tests.support.wait import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(1800)]

MODEL = "meta-llama/Llama-3.2-3B-Instruct"
KEY = "canary-key-of-the-model-server"
COPIED = ("docker-compose.yml", "worker.Dockerfile", ".dockerignore", "constraints.txt", "pyproject.toml", "README.md",
          "scripts", "farm", "deploy")  # fmt: skip
SERVE = f"""
import os, threading
from farm.datasets.reader import read_problems
from farm.datasets.sample_set import sample_path
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
from farm.coordinator import history
from farm.coordinator.ledger import Ledger
with Ledger("sqlite:////var/lib/farm/ledger.db") as ledger:
    print(json.dumps(sorted({result.worker.partition("@")[2] for result in history.results(ledger, "first")})))
"""
REACH = """
import json, socket, sys
found = {}
for place in sys.argv[1:]:
    host, _, port = place.rpartition(":")
    try:
        socket.create_connection((host, int(port)), 5).close()
        found[place] = "reached"
    except OSError as exc:
        found[place] = type(exc).__name__
print(json.dumps(found))
"""


def documented() -> list[str]:
    """The lines of the block in the section `Containers`, without their comments."""
    section = (ROOT / "docs" / "operations.md").read_text().partition("\n## Containers\n")[2].partition("\n## ")[0]
    block = section.split("```")[1]
    return [re.sub(r"\s+#.*", "", line) for line in block.strip().splitlines()]


@dataclass
class Newcomer:
    """A person with a checkout, a shell and an engine."""

    folder: Path
    project: str
    variables: dict[str, str]
    said: str = ""
    judging: list[str] = field(default_factory=list)  # execute containers from before the scaling

    def types(self, line: str, *, ok: bool = True) -> str:
        """One line in the shell, in the checkout; what it said."""
        done = subprocess.run(
            ["bash", "-c", line], cwd=self.folder, env=self.variables, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=1200,
        )  # fmt: skip
        self.said += f"$ {line}\n{done.stdout}{done.stderr}"
        assert not ok or done.returncode == 0, f"{line}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def containers(self, service: str, *, running: bool = True) -> list[str]:
        mine = f"label=com.docker.compose.project={self.project}"
        words = ["docker", "ps", "-q", "--no-trunc", *([] if running else ["-a"]), "--filter", mine]
        if service:
            words += ["--filter", f"label=com.docker.compose.service={service}", "--filter",
                      "label=com.docker.compose.oneoff=False"]  # fmt: skip
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()

    def healthy(self, service: str) -> int:
        """How many containers of a service say that they are well."""
        states = [inspected(name)["State"] for name in self.containers(service)]
        return sum(state.get("Health", {}).get("Status") == "healthy" for state in states)


def inspected(container: str) -> dict[str, Any]:
    said = subprocess.run(["docker", "inspect", container], capture_output=True, text=True, check=True).stdout
    found: dict[str, Any] = json.loads(said)[0]
    return found


@contextmanager
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    if shutil.which("docker-compose") is None:
        missing("no docker-compose on this machine")
    for role in ROLES:
        image(role)  # so that `up --build` finds each layer
    folder = tmp_path_factory.mktemp("newcomer") / "checkout"
    for name in COPIED:
        ignore = shutil.ignore_patterns("__pycache__", "secrets")
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=ignore)
        else:
            folder.mkdir(exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    project = f"farm-test-{os.getpid()}"
    home = tmp_path_factory.mktemp("home")
    variables = environment(home, COMPOSE_PROJECT_NAME=project, FARM_TAG=f"{TAG}-compose", DOCKER_BUILDKIT="0")
    variables |= {name: str(free_port()) for name in ("FARM_EXPORTER_PORT", "FARM_FLOWER_PORT", "FARM_GRAFANA_PORT")}
    variables |= {"PATH": f"{Path(sys.executable).parent}:{variables['PATH']}", "FARM_TASK_EVENTS": "1"}
    person = Newcomer(folder, project, variables)
    try:
        yield person
    finally:
        subprocess.run(["docker", "rm", "-f", f"{project}-model"], capture_output=True, check=False)
        person.types("docker-compose --profile ops down --volumes --remove-orphans --timeout 5", ok=False)


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
    subprocess.run(["docker", "exec", f"{newcomer.project}-model", "touch", "/tmp/hurry"], check=True)
    newcomer.types(watch)
    said = newcomer.types(report)
    assert "COMPLETE" in said and "INCOMPLETE" not in said, said
    newcomer.judging = judging


def comes_down(newcomer: Newcomer) -> None:
    subprocess.run(["docker", "rm", "-f", f"{newcomer.project}-model"], capture_output=True, check=True)
    down = documented()[-1]
    newcomer.types(f"{down.replace('docker-compose', 'docker-compose --profile ops')} --volumes")
    mine = f"label=com.docker.compose.project={newcomer.project}"
    for words in (["ps", "-aq"], ["network", "ls", "-q"], ["volume", "ls", "-q"]):
        left = subprocess.run(["docker", *words, "--filter", mine], capture_output=True, text=True, check=True)
        assert left.stdout == "", words


def test_the_run_is_complete_and_was_judged_by_containers_that_joined_in_mid_run(newcomer: Newcomer) -> None:
    hosts = {inspected(name)["Config"]["Hostname"] for name in newcomer.containers("execute", running=False)}
    judged = json.loads(newcomer.types(f"docker-compose exec -T coordinator python3 -c '{JUDGED_BY}'"))
    assert len(set(judged) & hosts) >= 2, f"{judged} of {hosts}"
    assert not inspected(newcomer.judging[0])["State"]["Running"] or len(newcomer.containers("execute")) == 3


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


def test_an_execute_container_reaches_the_broker_and_nothing_else(newcomer: Newcomer) -> None:
    container = newcomer.containers("execute")[0]
    networks = inspected(f"{newcomer.project}-model")["NetworkSettings"]["Networks"]
    model = networks[f"{newcomer.project}_model"]["IPAddress"]
    places = ("redis:6379", "model-server:8000", f"{model}:8000", "coordinator:5432", "192.0.2.1:443", "1.1.1.1:443")
    said = subprocess.run(
        ["docker", "exec", container, "python3", "-c", REACH, *places], capture_output=True, text=True, check=True
    )
    found = json.loads(said.stdout)
    assert [place for place, how in found.items() if how == "reached"] == ["redis:6379"], found
    listed = subprocess.run(
        ["docker", "exec", container, "sh", "-c", "ls /run/secrets; id -u; touch /x; ls /var/run/docker.sock"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert listed.stdout.split() == ["execute-password", "farm-secret", "10001"]
    assert "Read-only file system" in listed.stderr and "No such file" in listed.stderr


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
