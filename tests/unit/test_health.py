"""A service's sign of life, as a container's health check reads it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from farm import config, health
from farm.errors import ConfigError, Unhealthy


def settings(tmp_path: Path) -> config.Settings:
    return config.load({"HOME": str(tmp_path), "FARM_HEALTH_FILE": str(tmp_path / "beat")})


def test_a_service_that_beat_lately_is_healthy(tmp_path: Path) -> None:
    health.note(tmp_path / "beat")
    health.check(settings(tmp_path))


@pytest.mark.parametrize(
    "said", [None, "", "soon", str(time.monotonic() - 2 * health.SILENT_S)], ids=["nothing", "empty", "a word", "old"]
)
def test_one_that_did_not_is_not(tmp_path: Path, said: str | None) -> None:
    if said is not None:
        (tmp_path / "beat").write_text(said)
    with pytest.raises(Unhealthy, match="no sign of life"):
        health.check(settings(tmp_path))


def test_without_a_file_it_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FARM_HEALTH_FILE"):
        health.check(config.load({"HOME": str(tmp_path)}))
