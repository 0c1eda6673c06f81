"""One FARM_HOME for farm commands without a cluster; nothing may be left of them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.records import SampleResult
from tests.support.farm_process import FarmProcess, environment, farm_processes, report_of
from tests.support.wait import wait_until


@dataclass
class Home:
    """A folder, the commands that were run in it, and what its ledger says of them."""

    path: Path
    env: dict[str, str] = field(default_factory=dict)
    processes: list[FarmProcess] = field(default_factory=list)
    others: list[subprocess.Popen[bytes]] = field(default_factory=list)  # that use this home

    def farm(self, *arguments: str, python: str = sys.executable, **env: str) -> FarmProcess:
        """Start a farm command."""
        log = self.path.parent / f"{len(self.processes)}-{arguments[0]}.log"
        process = FarmProcess(*arguments, env=environment(self.path, **{**self.env, **env}), log=log, python=python)
        self.processes.append(process)
        return process

    def grade(self, run_id: str, completions: Path, *more: str, dataset: str = "sample", **env: str) -> FarmProcess:
        """Start `farm grade`; its report goes to `out(run_id)`."""
        return self.farm(
            "grade", "--dataset", dataset, "--completions", str(completions), "--run-id", run_id, "--out",
            str(self.out(run_id)), *more, **env,
        )  # fmt: skip

    def regrade(self, source: str, run_id: str, *more: str, **env: str) -> FarmProcess:
        """Start `farm regrade`; its report goes to `out(run_id)`."""
        return self.farm("regrade", source, "--run-id", run_id, "--out", str(self.out(run_id)), *more, **env)

    def out(self, run_id: str) -> Path:
        return self.path / "out" / run_id

    def report(self, run_id: str) -> dict[str, Any]:
        return report_of(self.out(run_id))

    def score_digest(self, run_id: str) -> str:
        """As the report shows it."""
        rows = (self.out(run_id) / "report.md").read_text().splitlines()
        [row] = [row for row in rows if "score digest" in row]
        return row.split("|")[2].strip()

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        with Ledger(f"sqlite:///{self.path / 'ledger.db'}") as ledger:
            yield ledger

    def results(self, run_id: str) -> list[SampleResult]:
        """The verdicts in the ledger, in dataset order; none while there is no such run."""
        if not (self.path / "ledger.db").exists():
            return []
        with self.ledger() as ledger:
            return list(history.results(ledger, run_id))


@contextmanager
def empty_home(tmp_path: Path) -> Iterator[Home]:
    """A home below `tmp_path`. Kills what a failed test left; AssertionError if a good one left something."""
    home = Home(tmp_path / "home")
    try:
        yield home
    finally:
        for process in home.processes:
            process.kill()
        for other in home.others:
            other.kill()
            other.wait()
    wait_until(lambda: not farm_processes(home.path), "no process is left")
    assert list((home.path / "run").rglob("stack-*")) == [], "a stack's folder is left"


def write_rows(path: Path, rows: Sequence[dict[str, object]]) -> Path:
    """A JSONL file."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
