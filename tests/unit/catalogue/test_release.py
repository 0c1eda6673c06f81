"""Which release a catalogue is of, how old it is, and which file of this host is the newest."""

from __future__ import annotations

import gzip
import os
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from farm.app.catalogue import open_catalogue
from farm.catalogue.catalogue import BUILTIN
from farm.catalogue.release import FILE_NAME, Release, installed_catalogues, newest, read_release
from farm.cli.serve.models import models
from farm.config import load as settings
from tests.support.data import shared

ENTRY = """{"schema_version": "0.1.0", "release_version": "%s", "model_specs": {"org/New": {"N150": {"vLLM": {"tt": {
  "impl": {"impl_name": "tt"}, "device_model_spec": {"max_concurrency": 8, "max_context": 1024, "default_impl": true}
}}}}}}"""


def package(folder: Path, version: str) -> Path:
    """A Python package `tenstorrent` in `folder`, as pip leaves it."""
    path = folder / "tenstorrent" / "modelhub" / FILE_NAME
    path.parent.mkdir(parents=True)
    (folder / "tenstorrent" / "__init__.py").write_text("raise ImportError('farm imports nothing of it')\n")
    path.write_text(ENTRY % version)
    return path


def test_the_release_of_a_file() -> None:
    assert read_release(BUILTIN).version == "0.25.0" and read_release(BUILTIN).stated
    assert read_release(shared("release_model_spec_0.25.0.json.gz")).version == "0.25.0"
    assert read_release(Path("/nowhere")) == Release()
    assert Release("0.9.0").number < Release("0.10.0").number < Release("0.10.1").number
    assert Release().number < Release("0.1").number


def test_the_age_is_that_of_the_data_else_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(gzip.compress((ENTRY % "v0.31.2").encode()))
    long_ago = datetime.now(UTC) - timedelta(days=40)
    os.utime(path, (long_ago.timestamp(), long_ago.timestamp()))
    found = read_release(path)
    assert (found.version, found.age_days(), found.stated) == ("0.31.2", 40, False)
    assert found.shown == f"release 0.31.2, file of {long_ago.date()}, 40 days old"
    path.write_text('{"release_version": "0.31.2", "as_of": "2026-02-31"}')
    assert read_release(path) == Release("0.31.2", datetime.now(UTC).date()), "no such day"
    assert Release("1.0", date(2026, 1, 1), stated=True).shown.startswith("release 1.0 of 2026-01-01, ")


def test_the_newest_is_used_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    checkout = tmp_path / "tt-inference-server"
    checkout.mkdir()
    (checkout / FILE_NAME).write_text(ENTRY % "0.25.1")
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    found = package(tmp_path / "packages", "0.26.0")
    assert set(installed_catalogues()) >= {found, checkout / FILE_NAME}
    catalogue = open_catalogue(settings({}))
    assert catalogue.names("n150") == ("New",) and catalogue.newer
    assert str(found) in catalogue.source and "release 0.26.0" in catalogue.source
    assert catalogue.resolve("SmolLM2-135M-Instruct", "cpu")  # the models for a CPU stay
    assert "tenstorrent" not in sys.modules
    said = CliRunner(env={"FARM_HOME": str(tmp_path)}).invoke(models, ["refresh"]).output
    assert f"{found}: release 0.26.0, file of " in said and "release 0.25.1" in said and "used: " + str(found) in said


def test_a_named_release_and_an_older_one_on_the_host_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    older = package(tmp_path / "packages", "0.24.9")
    assert newest((older,), read_release(BUILTIN)) is None
    assert open_catalogue(settings({})).source == "built-in table"
    said = CliRunner(env={"FARM_HOME": str(tmp_path)}).invoke(models, ["refresh"]).output
    assert "used: built-in table" in said and "pip install --upgrade tenstorrent" in said
    (tmp_path / "own.json").write_text(ENTRY % "0.1.0")
    assert open_catalogue(settings({}), (tmp_path / "own.json",)).source == str(tmp_path / "own.json")


def test_the_package_of_the_environment_of_tt_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = package(tmp_path / "venv/lib/python3.11/site-packages", "0.27.0")
    tt = tmp_path / "venv/bin/tt"
    tt.parent.mkdir()
    tt.write_text("#!/bin/sh\n")
    tt.chmod(0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/tt").symlink_to(tt)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert found in installed_catalogues()
