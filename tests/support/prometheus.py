"""A real Prometheus on the files of deploy/prometheus, changed as an operator of another site would change them.

The files' minutes are seconds here: it scrapes every two and evaluates each, and alerts wait for that much less.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from tests.support.containers.docker_engine import missing
from tests.support.data import ROOT
from tests.support.redis_server import free_port
from tests.support.wait import wait_until

FILES = ROOT / "deploy" / "prometheus"


@dataclass(frozen=True)
class Prometheus:
    """Its HTTP API."""

    url: str

    def ask(self, path: str, **parameters: str) -> Any:
        """The `data` of an answer of /api/v1; AssertionError with its own words if it refuses."""
        answer = requests.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=30)
        said = answer.json()
        assert answer.status_code == 200 and said["status"] == "success", f"{parameters}: {answer.text[:500]}"
        return said["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression gives now."""
        found: list[dict[str, Any]] = self.ask("query", query=expression)["result"]
        return found

    def becomes(self, expression: str, value: float) -> None:
        """Wait until an expression gives one series of this value; a scrape that came late leaves none for a moment."""

        def probe() -> bool:
            return [float(series["value"][1]) for series in self.query(expression)] == [value]

        wait_until(probe, f"{expression} is {value}", timeout_s=60)

    def alerts(self, state: str) -> set[str]:
        """The names of the alerts in a state: pending, firing."""
        return {each["labels"]["alertname"] for each in self.ask("alerts")["alerts"] if each["state"] == state}


@contextmanager
def running_prometheus(folder: Path, exporter: str, password: Path) -> Iterator[Prometheus]:
    """One that scrapes `exporter`, HOST:PORT, with the password in a file. Skips without the binary."""
    if shutil.which("prometheus") is None:
        missing("no prometheus on this machine (Debian: prometheus)")
    shutil.copytree(FILES, folder)
    config, rules = folder / "prometheus.yml", folder / "alerts.yml"
    text = config.read_text().replace("exporter:9808", exporter).replace("/run/secrets/web-password", str(password))
    text = text.replace("scrape_interval: 15s", "scrape_interval: 2s")
    text = text.replace("evaluation_interval: 15s", "evaluation_interval: 1s")
    config.write_text(text)
    rules.write_text(re.sub(r"for: (\d+)m\b", r"for: \1s", rules.read_text()))
    [job] = yaml.safe_load(text)["scrape_configs"]
    assert job["static_configs"] == [{"targets": [exporter]}] and job["basic_auth"]["password_file"] == str(password)
    place = f"127.0.0.1:{free_port()}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                "prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={place}",
            ],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        wait_until(lambda: _ready(process, place, folder / "log"), "Prometheus is ready", timeout_s=60)
        yield Prometheus(f"http://{place}")
    finally:
        process.terminate()
        process.wait(30)


def _ready(process: subprocess.Popen[bytes], place: str, log: Path) -> bool:
    assert process.poll() is None, log.read_text()[-2000:]
    try:
        return requests.get(f"http://{place}/-/ready", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False
