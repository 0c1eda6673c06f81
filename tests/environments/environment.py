"""The places where a worker may run, other than that of these tests: how to be there, and what was answered."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.environments import suite
from tests.support.containers.docker_engine import IMAGE, LABEL
from tests.support.data import ROOT

PACKAGES = Path(sysconfig.get_path("purelib"))  # farm's dependencies and pytest; the interpreter differs by place
PATIENCE_S = 1000.0  # for one environment, which takes one or two minutes


@dataclass(frozen=True, slots=True)
class Environment:
    """One place. `tiers`: those that must pass their self-test and then the suites; others may, too."""

    name: str
    tiers: frozenset[str]
    docker: tuple[str, ...] | None = None  # the arguments of `docker run`; None: on the host, as another user
    lacks: tuple[str, ...] = ()  # what tests.environments.suite takes away


HOST_USER = Environment("host user", frozenset({"landlock"}))  # and `ns`, where users may have namespaces
DOCKER_DEFAULT = Environment("docker default", frozenset({"uid", "landlock"}), ())
DOCKER_NO_LANDLOCK = Environment("docker default, no Landlock", frozenset({"uid"}), (), ("no-landlock",))
DOCKER_HARDENED = Environment(
    "docker hardened",
    frozenset({"landlock"}),
    (
        "--user", "1000", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only",
        "--network", "none", "--tmpfs", "/tmp",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Results:
    """What farm's doctor and the two suites said in one environment."""

    exit_code: int
    seconds: float
    output: str
    doctor: str
    passed: frozenset[str]  # test functions with their parameters
    skipped: dict[str, str]  # the same, with the reason

    @property
    def tiers(self) -> set[str]:
        """The tiers whose self-test the doctor saw pass."""
        lines = [line.partition("sandbox tier ")[2] for line in self.doctor.splitlines() if line.startswith("pass")]
        return {line.partition(":")[0] for line in lines if line}


class Attempt:
    """One pass through the suites in one environment: a process, and a folder for its answers."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._container = f"farm-test-{os.getpid()}-{secrets.token_hex(4)}"
        # Not tmp_path: its parents have mode 700, and who writes here is another user
        self._folder = Path(tempfile.mkdtemp(prefix="farm-environment-"))
        self._folder.chmod(0o777)
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> Results:
        """Run it to its end. AssertionError if it has none."""
        began = time.monotonic()
        command, variables = self._in_container() if self._environment.docker is not None else self._as_user()
        output = self._folder / "output.txt"
        with output.open("wb") as said:
            self._process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=said, stderr=said)
        try:
            exit_code = self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.stop()
            raise AssertionError(f"no end in {PATIENCE_S:.0f} s:\n{output.read_text()[-2000:]}") from None
        doctor, results = self._folder / suite.DOCTOR, self._folder / suite.RESULTS
        passed, skipped = _read(results) if results.exists() else (frozenset(), {})
        return Results(
            exit_code=exit_code,
            seconds=time.monotonic() - began,
            output=output.read_text(errors="replace"),
            doctor=doctor.read_text() if doctor.exists() else "",
            passed=passed,
            skipped=skipped,
        )

    def _in_container(self) -> tuple[list[str], dict[str, str]]:
        assert self._environment.docker is not None
        command = ["docker", "run", "--rm", "--name", self._container, "--label", LABEL, *self._environment.docker]
        for source, target in ((ROOT, "/repository"), (PACKAGES, "/packages")):
            command += ["--mount", f"type=bind,source={source},target={target},readonly"]
        command += ["--mount", f"type=bind,source={self._folder},target=/answers", "--workdir", "/repository"]
        for name, value in _variables("/repository", "/packages", "/tmp/farm").items():
            command += ["--env", f"{name}={value}"]
        return [*command, IMAGE, *self._suites("python3", "/answers")], dict(os.environ)

    def _as_user(self) -> tuple[list[str], dict[str, str]]:
        # The interpreter itself, not the virtual environment's link to it, whose way may be closed to others
        python = os.path.realpath(sys.executable)
        needs = [str(path) for path in (Path(sys.base_prefix), PACKAGES, ROOT)]
        command = [
            sys.executable,
            "-m",
            "tests.environments.as_user",
            *needs,
            "--",
            *self._suites(python, str(self._folder)),
        ]
        variables = _variables(str(ROOT), str(PACKAGES), str(self._folder / "farm"))
        return command, {"PATH": os.environ["PATH"], "TMPDIR": str(self._folder), **variables}

    def _suites(self, python: str, folder: str) -> list[str]:
        return [python, "-m", "tests.environments.suite", folder, *self._environment.lacks]

    def stop(self) -> None:
        """End it wherever it is; nothing is left but its answers."""
        if self._process is not None and self._process.poll() is None:
            if self._environment.docker is not None:
                subprocess.run(["docker", "rm", "--force", self._container], capture_output=True, check=False)
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """End it and remove its answers."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def _variables(root: str, packages: str, home: str) -> dict[str, str]:
    return {
        "PYTHONPATH": f"{root}:{packages}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "FARM_HOME": home,
    }


def _read(results: Path) -> tuple[frozenset[str], dict[str, str]]:
    """The tests that passed, and those that were skipped with their reasons."""
    passed, skipped = set(), {}
    for case in ElementTree.parse(results).iter("testcase"):
        name, reason = case.attrib["name"], case.find("skipped")
        if reason is not None:
            skipped[name] = reason.attrib.get("message", "")
        elif case.find("failure") is None and case.find("error") is None:
            passed.add(name)
    return frozenset(passed), skipped
