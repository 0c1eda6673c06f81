"""The images of a cluster as they are: what is in them, what is not, and that they work as compose runs them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from farm import __version__
from farm.environments.known import KNOWN
from farm.environments.store import Environments
from farm.judging.open import open_sandbox
from farm.records import JudgeSpec, Limits, Suite, TestCase, Verdict
from farm.sandbox.confinement import ContainerSpec
from tests.support.containers.docker_engine import LABEL
from tests.support.containers.images import ROLES, commit, image, inside
from tests.support.data import ROOT
from tests.support.experiments.scale import only_in_full
from tests.support.wait import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]

COMPILERS = ("cc", "gcc", "g++", "c++", "clang", "ld", "as", "tcc", "make", "go", "rustc", "cargo", "javac", "node")
CLIENTS = {  # what talks to a model server or a database
    "broker": {"requests", "sqlalchemy", "psycopg", "celery", "redis", "farm"},
    "execute": {"requests", "httpx", "urllib3", "sqlalchemy", "psycopg", "rich", "docker"},
    "generate": {"sqlalchemy", "psycopg", "docker", "numpy"},
    "coordinator": {"docker", "numpy", "lm_eval", "datasets"},
    "score": {"requests", "httpx", "sqlalchemy", "psycopg", "rich", "docker", "lm_eval"},  # of farm's own interpreter
}
EACH = pytest.mark.parametrize(
    "role", [*ROLES, pytest.param("score", marks=[only_in_full, pytest.mark.fault])]
)  # which takes minutes
FIND = "import importlib.util, sys; print(*(name for name in sys.argv[1:] if importlib.util.find_spec(name)))"
SECRET_WORDS = ("KEY", "SECRET", "TOKEN", "PASSWORD")


def facts(role: str) -> dict[str, object]:
    said = subprocess.run(["docker", "image", "inspect", image(role)], capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(said.stdout)[0]["Config"]
    return found


@EACH
def test_an_image_says_what_it_was_made_of_and_runs_as_nobody_in_particular(role: str) -> None:
    config = facts(role)
    labels = config["Labels"]
    assert isinstance(labels, dict)
    assert labels["org.opencontainers.image.version"] == __version__
    assert labels["org.opencontainers.image.revision"] == commit()
    assert config["User"] == "10001:10001"
    assert role == "coordinator" or config["Healthcheck"]


@EACH
def test_an_image_holds_no_compiler_and_no_setuid_program(role: str) -> None:
    looked = " ".join(f"command -v {name};" for name in COMPILERS)
    found = inside(role, "sh", "-c", f"{looked} find / -xdev -perm /6000 -type f 2>/dev/null; true")
    assert (found.returncode, found.stdout) == (0, ""), found.stderr


@EACH
def test_an_image_holds_the_clients_of_its_role_alone(role: str) -> None:
    found = inside(role, "python3", "-c", FIND, *sorted(CLIENTS[role]))
    assert (found.returncode, found.stdout) == (0, "\n"), found.stderr


@EACH
def test_an_image_holds_no_secret(role: str) -> None:
    """Neither in its variables nor in its history, where a build argument would stay, nor as a file."""
    variables = facts(role)["Env"]
    assert isinstance(variables, list)
    assert not [name for name in variables if any(word in name.partition("=")[0] for word in SECRET_WORDS)]
    history = subprocess.run(
        ["docker", "history", "--no-trunc", "--format", "{{.CreatedBy}}", image(role)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    own = [line for line in history.stdout.splitlines() if line]
    assert not [line for line in own if any(f"{word}=" in line for word in SECRET_WORDS)]
    pattern = (
        r"-name '*.pem' -o -name '*.key' -o -name '*password*' -o -name '.env' -o -name '.netrc' -o -name 'pip.conf'"
    )
    files = inside(role, "sh", "-c", rf"find /opt /root /home /tmp /var/lib/farm /run \( {pattern} \) 2>/dev/null")
    assert [name for name in files.stdout.split() if "/certifi/" not in name] == []


def test_the_execute_image_confines_programs_and_says_whom_it_misses() -> None:
    """Hardened as compose hardens it, the worker passes its sandbox's self-test; what fails is the broker."""
    said = inside("execute", "farm", "worker", "execute", "--broker", "redis://127.0.0.1:1/0")
    assert said.returncode == 2, said.stderr
    assert "refusing to run untrusted code" not in said.stderr
    assert "Redis at redis://127.0.0.1:1/0 does not answer" in said.stderr
    code = "from farm.judging.open import open_sandbox; print(open_sandbox().info.tier)"
    assert inside("execute", "python3", "-c", code).stdout.strip() == "landlock"


def test_a_worker_that_never_beat_is_not_healthy() -> None:
    said = inside("execute", "farm", "worker", "health")
    assert (said.returncode, said.stderr.startswith("farm: no sign of life yet")) == (1, True), said.stderr


def test_the_execute_image_serves_the_containers_of_programs_and_gives_them_numpy() -> None:
    """What `--sandbox docker --image farm-execute` does on a host that cannot confine programs itself."""
    suite = Suite(func_name=None, tests=(TestCase(input="3\n", output="6.0\n"),))
    program = "import numpy\nprint(numpy.ones(int(input())).sum() * 2)\n"
    with open_sandbox(tier="docker", container=ContainerSpec(image("execute"))) as sandbox:
        assert sandbox.info.tier == "docker:landlock"
        assert sandbox.evaluate(program, suite, JudgeSpec(), Limits()).verdict is Verdict.PASSED


@pytest.mark.fault
@only_in_full
def test_the_score_image_has_the_environment_of_the_lock() -> None:
    """It is laid out there by hand, so that its layer goes by the lock alone."""
    place = Environments(Path("/opt/evals/environments")).place(KNOWN["EVALS"])
    listed = inside("score", "farm", "env", "list")
    assert f"{place}/bin/python" in listed.stdout, listed.stdout + listed.stderr
    code = "import lm_eval, farm; print(lm_eval.__version__, farm.__version__)"
    asked = inside("score", f"{place}/bin/python", "-P", "-c", code)
    assert asked.stdout.split() == ["0.4.13", __version__], asked.stderr


@pytest.mark.fault
@only_in_full
def test_a_container_that_cannot_work_is_started_again_five_times_and_left() -> None:
    """As compose starts it: a crash loop is seen in `docker-compose ps`, and its log says why."""
    policy = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["execute"]["restart"]
    words = ("worker", "execute", "--broker", "redis://127.0.0.1:1/0")
    started = subprocess.run(
        ["docker", "run", "--detach", "--init", "--restart", policy, "--network", "none", "--read-only", "--tmpfs",
         "/tmp", "--label", LABEL, image("execute"), *words], capture_output=True, text=True, check=True,
    )  # fmt: skip
    name = started.stdout.strip()

    def state() -> list[str]:
        form = "{{.State.Status}} {{.RestartCount}} {{.State.ExitCode}}"
        said = subprocess.run(["docker", "inspect", "-f", form, name], capture_output=True, text=True, check=True)
        return said.stdout.split()

    try:
        wait_until(lambda: state() == ["exited", "5", "2"], "it is left", timeout_s=200, every_s=1)
        log = subprocess.run(["docker", "logs", name], capture_output=True, text=True, check=True).stderr
        assert log.count("Redis at redis://127.0.0.1:1/0 does not answer") == 6
    finally:
        subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=True)
