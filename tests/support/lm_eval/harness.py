"""The virtualenv that has lm-eval in addition to farm's dependencies: `make test` makes it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from farm.environments.known import KNOWN
from farm.environments.store import Environments
from tests.support.data import ROOT
from tests.support.embedded_home import Home
from tests.support.farm_process import environment

PYTHON = ROOT / os.environ.get("VENV", ".venv") / "lm-eval" / "bin" / "python"


def harness_python() -> str:
    """The interpreter with lm-eval; skips the test where it was not installed, fails it in CI."""
    if not PYTHON.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{PYTHON} is missing: make test installs it")
        pytest.skip("lm-eval is not installed: make test does it")
    [packages] = PYTHON.parents[1].glob("lib/python3*/site-packages")
    with suppress(FileExistsError):  # as `farm env create` does
        (packages / "farm").symlink_to(ROOT / "farm", target_is_directory=True)
    return str(PYTHON)


def harness_packages() -> Path:
    """Where lm-eval is installed."""
    harness_python()
    [path] = PYTHON.parents[1].glob("lib/python3*/site-packages")
    return path


def give_environment(home: Home) -> None:
    """Put the installed lm-eval where `farm env create EVALS` would: with this farm, and none of its packages."""
    python = Path(harness_python())
    store, environment = Environments(home.path / "environments"), KNOWN["EVALS"]
    place = store.place(environment)
    place.parent.mkdir(parents=True)
    place.symlink_to(python.parents[1], target_is_directory=True)


class Evaluation:
    """One lm-eval process and the files that it wrote."""

    def __init__(
        self, home: Home, folder: Path, order: dict[str, Any], *, code_eval: Path | None = None, **env: str
    ) -> None:
        """`code_eval` is a folder with a metric of that name, for tasks that fetch it from the hub."""
        folder.mkdir()
        if code_eval is not None:
            shutil.copytree(code_eval, folder / "code_eval")  # looked for where the process runs
        self.out = folder / "out"
        path = folder / "order.json"
        path.write_text(json.dumps({**order, "out": str(self.out)}))
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [harness_python(), "-m", "tests.support.lm_eval.lm_eval_run", str(path)],
                env=environment(home.path, HF_HUB_OFFLINE="1", HF_HOME=str(folder / "hf"), **env),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        home.others.append(self.process)

    @property
    def log(self) -> str:
        return self._log.read_text()

    def ok(self, timeout_s: float = 200.0) -> Evaluation:
        """Wait for exit code 0."""
        code = self.process.wait(timeout_s)
        assert code == 0, f"exit code {code}:\n{self.log[-6000:]}"
        return self

    @property
    def results(self) -> dict[str, Any]:
        """lm-eval's results file, whole."""
        [path] = self.out.rglob("results_*.json")
        loaded: dict[str, Any] = json.loads(path.read_text())
        return loaded

    def samples(self, task: str) -> list[dict[str, Any]]:
        """lm-eval's sample file of a task."""
        [path] = self.out.rglob(f"samples_{task}_*.jsonl")
        return [json.loads(line) for line in path.read_text().splitlines()]
