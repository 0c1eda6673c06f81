"""docker-compose.yml's cluster, brought up from a separate checkout by the lines of docs/operations.md.

It runs with Compose 1 or 2, whichever is there: FARM_TEST_COMPOSE names one of several ("docker compose", or a path).
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

from tests.support.containers.docker_engine import missing
from tests.support.containers.images import ROLES, TAG, image
from tests.support.data import ROOT
from tests.support.farm_process import environment
from tests.support.redis_server import free_port

COPIED = ("docker-compose.yml", "worker.Dockerfile", ".dockerignore", "constraints.txt", "pyproject.toml", "README.md",
          "scripts", "farm", "deploy")  # fmt: skip
WRITTEN = "docker-compose"  # how the documents call it


def compose() -> str:
    """What to type for Compose here: version 1 is `docker-compose`, 2 mostly `docker compose`. Skips without either."""
    asked = os.environ.get("FARM_TEST_COMPOSE")
    choices = [asked] if asked else [WRITTEN, "docker compose"]
    found = next((words for words in choices if _answers(words.split())), None)
    return found or missing(f"no {' or '.join(choices)} on this machine")


def _answers(words: list[str]) -> bool:
    if shutil.which(words[0]) is None:
        return False
    said = subprocess.run([*words, "version", "--short"], capture_output=True, text=True, check=False)
    return said.returncode == 0 and re.match(r"v?[12]\.", said.stdout) is not None


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
    compose: str
    variables: dict[str, str]
    said: str = ""
    judging: list[str] = field(default_factory=list)  # execute containers from before the scaling
    restarted: list[str] = field(default_factory=list)  # containers, in mid-run

    def types(self, line: str, *, ok: bool = True) -> str:
        """One line in the shell, in the checkout, with the name that Compose has here; what it said."""
        if line.startswith(WRITTEN):
            line = self.compose + line.removeprefix(WRITTEN)
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

    def serving(self) -> set[str]:
        """The containers that run, and whose workers are connected."""
        listed = self.types("docker-compose exec -T coordinator farm workers")
        running = self.containers("execute") + self.containers("generate")
        return {name for name in running if f"@{inspected(name)['Config']['Hostname']}" in listed}

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
    typed = compose()
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
    person = Newcomer(folder, project, typed, variables)
    try:
        yield person
    finally:
        subprocess.run(["docker", "rm", "-f", "-v", f"{project}-model"], capture_output=True, check=False)
        person.types(
            "docker-compose --profile ops --profile score down --volumes --remove-orphans --timeout 5", ok=False
        )
