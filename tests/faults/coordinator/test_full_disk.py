"""C8: a disk that is full under ledger, blob store and reports: a named error, nothing half-written."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.app.reports import write_reports
from farm.config import load
from farm.datasets.store import BlobStore
from farm.errors import ConfigError, LedgerError
from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.records import SampleKey
from tests.support.farm_process import FarmProcess, environment
from tests.unit.plans import entry, plan, result, spec


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        os.getuid() != 0
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "farm-test", str(folder)], capture_output=True
        ).returncode
    ):
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """A file that takes all that is left."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return ballast


def test_a_full_disk_stops_the_ledger_between_two_records(disk: Path) -> None:
    with Ledger(f"sqlite:///{disk / 'ledger.db'}") as ledger:
        keys = plan(ledger, "run-1", spec(), samples=400)
        journal = ledger.acquire("run-1")
        recorded: list[SampleKey] = []
        with pytest.raises(LedgerError, match=r"disk is full.*free space, then farm resume"):
            for key in keys:
                journal.record_completions([entry(key, os.urandom(4000).hex())])
                recorded.append(key)
        assert recorded
        assert {stored.completion.key for stored in history.completions(ledger, "run-1")} == set(recorded)
        subprocess.run(["mount", "-o", "remount,size=16m", str(disk)], check=True)
        journal.record_completions([entry(key, "now there is room") for key in keys])
        journal.record_results([result(key) for key in keys])
        ledger.check()
    with Ledger(f"sqlite:///{disk / 'ledger.db'}") as ledger:
        assert len(list(history.results(ledger, "run-1"))) == len(keys)


def test_a_full_disk_leaves_no_part_of_a_blob(disk: Path) -> None:
    store = BlobStore(disk / "blobs")
    ballast = fill(disk)
    data = os.urandom(300_000)
    with pytest.raises(LedgerError, match="make room"):
        store.put(data)
    assert not [path for path in (disk / "blobs").rglob("*") if path.is_file()]
    ballast.unlink()
    assert store.get(store.put(data)) == data


def test_a_full_disk_leaves_the_old_report(disk: Path, tmp_path: Path) -> None:
    settings = load({"FARM_HOME": str(tmp_path / "home"), "HOME": "/nonexistent"})
    (tmp_path / "home").mkdir()
    with Ledger(settings.ledger_url) as ledger:
        keys = plan(ledger, "run-1", spec(), completed=2)
        ledger.acquire("run-1").record_results([result(key) for key in keys])
        _, paths = write_reports(settings, ledger, "run-1", disk / "out")
        before = {path: path.read_bytes() for path in paths}
        fill(disk)
        with pytest.raises(ConfigError, match=r"report\.json: No space left"):
            write_reports(settings, ledger, "run-1", disk / "out")
        assert {path: path.read_bytes() for path in before} == before
        assert {path.name for path in (disk / "out").iterdir()} == {path.name for path in before}


def test_a_full_disk_at_the_start_is_one_line(disk: Path, tmp_path: Path) -> None:
    (disk / "home").mkdir()
    env = environment(tmp_path / "other") | {"FARM_HOME": str(disk / "home")}
    fill(disk)
    process = FarmProcess("runs", env=env, log=tmp_path / "runs.log")
    assert process.wait() == 4, process.stderr
    assert "Traceback" not in process.stderr and process.stderr.count("\n") == 1
