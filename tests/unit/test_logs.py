"""Logs: JSON lines about something, in the folders that they should be in, without secrets."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from farm import logs
from farm.config import Settings, load
from farm.errors import ConfigError

KEY, PASSWORD, SECRET, JWT = 'key-"x"-77', "pass/word:88", "shared-secret-of-all", "made.of.a-jwt"
log = logging.getLogger("farm.test")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(
        {
            "HOME": str(tmp_path), "VLLM_API_KEY": KEY, "FARM_BROKER_PASSWORD": PASSWORD, "FARM_SECRET": SECRET,
            "FARM_LEDGER_URL": "postgresql://me:ledger%2Dpass@host/db", "FARM_LOG_DIR": str(tmp_path / "logs"),
        }
    )  # fmt: skip


@pytest.fixture(autouse=True)
def root_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logs.bind()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_says_what_its_thread_is_about(settings: Settings, tmp_path: Path) -> None:
    logs.log_worker(settings, "w@host.1", "generate")

    def other() -> None:
        logs.bind(run="run-2", sample="p#2")
        log.info("second")

    logs.bind(run="run-1", problem="p", sample="p#1", attempt=2, request="abc")
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    log.info("first")
    logs.bind()
    log.info("of no run")
    folder = tmp_path / "logs"
    [first] = lines(folder / "workflow_logs/evals_run-1/w@host.1.log")
    assert first["message"] == "first" and first["worker"] == "w@host.1" and first["role"] == "generate"
    about = {"run": "run-1", "problem": "p", "sample": "p#1", "attempt": 2, "request": "abc"}
    assert {name: first[name] for name in about} == about
    [second] = lines(folder / "workflow_logs/evals_run-2/w@host.1.log")
    assert second["sample"] == "p#2" and "attempt" not in second
    assert [line["message"] for line in lines(folder / "worker_logs/w@host.1.log")] == ["second", "first", "of no run"]


def test_no_secret_is_logged_in_any_form(settings: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    logs.log_worker(settings, "w", "generate", JWT)
    logs.bind(run="run-1", sample=f"p{SECRET}#1")
    try:
        raise ValueError(f"in a traceback: {KEY}")
    except ValueError:
        log.exception("key %s, password %s", KEY, PASSWORD)
    log.info("Authorization: Bearer something-else and redis://user:unknown@host/0, %s, ledger-pass", JWT)
    said = capfd.readouterr().err
    found = said + "".join(path.read_text() for path in (tmp_path / "logs").rglob("*.log"))
    for secret in (KEY, json.dumps(KEY)[1:-1], PASSWORD, SECRET, JWT, "something-else", "unknown", "ledger-pass"):
        assert secret not in found, secret
    assert found.count("in a traceback: [redacted]") == 3 and "@host/0" in found


def test_a_run_is_logged_while_it_is_driven(settings: Settings, tmp_path: Path) -> None:
    with logs.log_run(settings, "run-1", "Llama 3/x"):
        log.info("begun")
    log.info("not any more")
    [path] = (tmp_path / "logs/run_logs").iterdir()
    assert path.name.startswith("run_") and path.name.endswith("_Llama-3-x_evals.log")
    for found in (path, tmp_path / "logs/workflow_logs/evals_run-1/coordinator.log"):
        assert [(line["message"], line["run"]) for line in lines(found)] == [("begun", "run-1")]


def test_a_file_that_is_full_says_so_and_grows_no_more(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MAX_FILE_BYTES", 1000)
    logs.log_worker(settings, "w", "execute")
    for number in range(50):
        log.info("line %d", number)
    found = lines(tmp_path / "logs/worker_logs/w.log")
    assert found[-1] == {"message": "this file is full"} and len(found) < 20


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    settings = load({"HOME": str(tmp_path), "FARM_LOG_DIR": str(tmp_path / "file" / "logs")})
    logs.log_worker(settings, "w", "execute")
    with logs.log_run(settings, "run-1", "m"):
        log.warning("goes on")
    assert "no log files in" in capfd.readouterr().err


def test_the_format_of_stderr_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="FARM_LOG_FORMAT"):
        load({"HOME": str(tmp_path), "FARM_LOG_FORMAT": "xml"})
    logs.log_worker(load({"HOME": str(tmp_path), "FARM_LOG_FORMAT": "json"}), "w", "execute")
    log.info("hello")
    assert json.loads(capfd.readouterr().err)["message"] == "hello"


def test_the_passwords_of_redis_and_its_sentinels_are_removed(tmp_path: Path) -> None:
    env = {
        "FARM_BROKER_URL": "sentinel://u:p%2Fw%23d@a;sentinel://u:p%2Fw%23d@b/m",
        "FARM_SENTINEL_PASSWORD": "watcher",
    }
    redact = logs.redactor(load({"HOME": str(tmp_path), **env}))
    text = redact("lost redis://u:p%2Fw%23d@a, AUTH u p/w#d, AUTH watcher")
    assert text == f"lost redis://{logs.REDACTED}@a, AUTH u {logs.REDACTED}, AUTH {logs.REDACTED}"
