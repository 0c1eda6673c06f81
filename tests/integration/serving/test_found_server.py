"""`farm submit` without a server, model or device: they are found on this host, or what was looked for is said."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.answers import ScriptedModel
from tests.support.farm_process import FarmProcess, environment, report_of
from tests.support.model_server import ModelServer

pytestmark = pytest.mark.timeout(240)
MODEL = "meta-llama/Llama-3.2-3B-Instruct"
PROBLEM = "farm_add"


def commands(folder: Path, url: str) -> str:
    """A PATH with `tt` and `tt-smi` that answer as those of Tenstorrent do on a host with one n300 board."""
    row = {"name": "Llama-3.2-3B-Instruct", "backend": "inference-server", "base_url": f"{url}/v1", "status": "running",
           "health": "healthy", "served_id": MODEL}  # fmt: skip
    chip = {"board_info": {"board_type": "n300 L", "board_id": "0100014511704017"}}
    answers = {"tt": {"served": [row], "probed": True}, "tt-smi": {"device_info": [chip, chip]}}
    folder.mkdir()
    for name, answer in answers.items():
        (folder / f"{name}.json").write_text(json.dumps(answer))
        (folder / name).write_text(f"#!/bin/sh\ncat {folder}/{name}.json\n")
        (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_server_model_and_device_are_found(tmp_path: Path) -> None:
    model, home = ScriptedModel((PROBLEM,)), tmp_path / "home"
    with ModelServer(answer=model.answer, model=MODEL) as server:
        env = environment(home, PATH=commands(tmp_path / "bin", server.url))
        process = FarmProcess(
            "submit", "--dataset", "sample", "--ids", PROBLEM, "--n", "1", "--out", str(tmp_path / "out"),
            env=env, log=tmp_path / "submit.log",
        ).ok(200)  # fmt: skip
    assert f"found {server.url}: {server.url} (tt model ps): serves {MODEL}" in process.stderr
    assert "found tt-smi: 1 x n300, device n300" in process.stderr
    report = report_of(tmp_path / "out")
    assert (report["status"], report["spec"]["model"]["repo"], report["spec"]["model"]["device"]) == (
        "COMPLETE", MODEL, "n300",
    )  # fmt: skip


def test_another_model_than_the_one_that_runs_is_refused_with_what_was_found(tmp_path: Path) -> None:
    with ModelServer(model=MODEL) as server:
        env = environment(tmp_path / "home", PATH=commands(tmp_path / "bin", server.url))
        process = FarmProcess(
            "submit", "--model", "Qwen3-32B", "--device", "t3k", "--eval-task", "livecodebench", "--dataset", "sample",
            env=env, log=tmp_path / "submit.log",
        )  # fmt: skip
        assert process.wait() == 2
    assert process.stderr.count("\n") == 1, process.stderr
    assert (
        process.stderr.startswith("farm: no model server of this host has Qwen") and f"serves {MODEL}" in process.stderr
    )
