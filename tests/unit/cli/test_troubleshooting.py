"""The troubles of docs/troubleshooting.md, brought about: what farm says is what the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from farm.cli.run.grade import grade
from farm.cli.run.submit import submit
from farm.errors import FarmError
from tests.support.data import ROOT
from tests.support.redis_server import free_port

PAGE = " ".join((ROOT / "docs" / "troubleshooting.md").read_text().split())


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_HOME", str(tmp_path))
    for name in ("FARM_CATALOGUE", "FARM_SERVER_URL", "DEPLOY_URL", "SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)


def refusal(*arguments: str) -> str:
    with pytest.raises(FarmError) as caught:
        CliRunner().invoke(submit, ["--dataset", "sample", *arguments], standalone_mode=False, catch_exceptions=False)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_1_no_eval_task() -> None:
    said = refusal("--model", "Llama-3.2-3B", "--device", "n300")
    assert said.startswith("Model:=Llama-3.2-3B not found in EVAL_CONFIGS; models with an eval task: ")
    assert said in PAGE
    assert "did you mean Llama-3.2-3B" in refusal("--model", "Llama-9.9", "--device", "n300")


def test_2_device_not_supported() -> None:
    said = refusal("--model", "Qwen3-32B", "--device", "n150")
    assert said.startswith("model:=Qwen3-32B does not support device:=n150; it supports blackhole_galaxy, galaxy, ")
    assert "model:=Qwen3-32B does not support device:=n150; it supports blackhole_galaxy, galaxy, ..." in PAGE


def test_3_connection_refused() -> None:
    address = f"http://127.0.0.1:{free_port()}"
    said = refusal("--model", "Llama-3.2-3B-Instruct", "--device", "n300", "--server-url", address)
    told = re.sub(r":\d+", ":9", said.split("; start it")[0])
    assert told in PAGE and "--wait-server S" in said


def test_6_tests_that_cannot_be_decoded(tmp_path: Path) -> None:
    row = {
        "question_title": "A", "question_content": "Q", "platform": "codeforces", "question_id": "1873_A",
        "contest_id": "1873", "contest_date": "2023-08-21T00:00:00", "starter_code": "", "difficulty": "easy",
        "public_test_cases": "[]", "private_test_cases": "AAAA", "metadata": "{}",
    }  # fmt: skip
    (tmp_path / "problems.jsonl").write_text(json.dumps(row) + "\n")
    (tmp_path / "answers.jsonl").write_text('{"question_id": "1873_A", "code": "print(1)"}\n')
    arguments = ["--dataset", str(tmp_path / "problems.jsonl"), "--completions", str(tmp_path / "answers.jsonl")]
    with pytest.raises(FarmError, match=r"problems\.jsonl:1: 1873_A: private_test_cases: damaged zlib data") as caught:
        CliRunner().invoke(grade, arguments, standalone_mode=False, catch_exceptions=False)
    assert caught.value.exit_code == 2
    assert "problems.jsonl:1: 1873_A: private_test_cases: damaged zlib data: ..." in PAGE
