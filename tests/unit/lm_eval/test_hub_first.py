"""A hub that cannot be reached is said before an environment of hundreds of MiB is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.benchmarks.registry import lm_eval_tasks
from farm.config import load
from farm.datasets.store import BlobStore
from farm.errors import ConfigError
from farm.lm_eval.runs.task import TaskChoice, hub_file, plan_lm_eval_task
from tests.support.redis_server import free_port


def said(text: str) -> None:
    raise AssertionError(f"something was begun: {text}")


def test_it_is_said_and_nothing_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_HOME", str(tmp_path))
    settings = load().model_copy(update={"hf_endpoint": f"http://127.0.0.1:{free_port()}"})
    named = rf"{settings.hf_endpoint} cannot be reached.*task (gsm8k|humaneval_plus).*--from-dir FOLDER"
    with pytest.raises(ConfigError, match=named):
        plan_lm_eval_task(
            settings, BlobStore(tmp_path / "blobs"), TaskChoice("gsm8k"), "m", n=None, seed=None, limit=None, say=said
        )
    with pytest.raises(ConfigError, match=named):
        hub_file(settings, tmp_path / "datasets", lm_eval_tasks()["humaneval_plus"], said)
