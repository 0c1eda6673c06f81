"""C3 and C4: a ledger whose last write was cut by a power failure, and one with a flipped bit."""

from __future__ import annotations

import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from farm.datasets.store import BlobStore
from farm.errors import FarmError, LedgerError
from farm.ledger import history
from farm.planning.resuming import check_resumable
from farm.protocols import get
from farm.records import SampleKey
from farm.results.reporting import score_run
from tests.unit.plans import entry, open_ledger, plan, result, spec, store

SAMPLES = 12
SEED = 20261127


@pytest.fixture
def cut_off(tmp_path: Path) -> Path:
    """A ledger as a power failure leaves it: its last writes are in the write-ahead log alone."""
    official = get("official")
    living = tmp_path / "living"
    living.mkdir()
    with open_ledger(living) as ledger:
        keys = plan(ledger, "run-1", spec(protocol=official.ident, protocol_digest=official.digest()), SAMPLES)
        with ledger.read() as db:
            db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        journal = ledger.acquire("run-1")
        for key in keys:  # two durable writes a sample
            journal.record_completions([entry(key, f"answer {key.index}")])
            journal.record_results([result(key)])
        store(living)
        shutil.copytree(living, tmp_path / "cut")
    return tmp_path / "cut"


def judged(folder: Path) -> list[SampleKey]:
    """Opens it as a resume does; the samples with a verdict, each of which has its completion."""
    with open_ledger(folder) as ledger:
        check_resumable(ledger, "run-1", BlobStore(folder / "blobs"))
        completed = [stored.completion.key for stored in history.completions(ledger, "run-1")]
        found = [r.key for r in history.results(ledger, "run-1")]
        assert len(found) <= len(completed) <= len(found) + 1, "a verdict came before its completion"
        return found


def test_a_torn_last_write_is_dropped_and_the_rest_is_intact(cut_off: Path, tmp_path: Path) -> None:
    """C3: the log cut at many offsets, each of its last frame's header among them."""
    log = (cut_off / "ledger.db-wal").read_bytes()
    frame = 24 + 4096
    last = range(len(log) - frame, len(log), 97)
    anywhere = random.Random(SEED).sample(range(len(log)), 40)
    edges = [0, 1, 31, 32, 33, 32 + 24, 32 + frame - 1, 32 + frame, len(log) - 1]
    before = -1
    for size in sorted({*last, *anywhere, *edges}):
        folder = tmp_path / f"cut-{size}"
        shutil.copytree(cut_off, folder)
        (folder / "ledger.db-shm").unlink()
        (folder / "ledger.db-wal").write_bytes(log[:size])
        found = judged(folder)
        assert found == [SampleKey("p1", index) for index in range(len(found))], f"cut at {size}: not the first ones"
        assert len(found) >= before, f"cut at {size}: more bytes hold fewer results"
        before = len(found)
        shutil.rmtree(folder)
    assert judged(cut_off) == [SampleKey("p1", index) for index in range(SAMPLES)]


def test_a_torn_ledger_takes_up_where_it_ends(cut_off: Path) -> None:
    log = cut_off / "ledger.db-wal"
    log.write_bytes(log.read_bytes()[: log.stat().st_size // 2])
    kept = judged(cut_off)
    assert 0 < len(kept) < SAMPLES
    with open_ledger(cut_off) as ledger:
        journal = ledger.acquire("run-1")
        for index in range(SAMPLES):
            journal.record_completions([entry(SampleKey("p1", index), f"answer {index}")])
            journal.record_results([result(SampleKey("p1", index))])
    assert len(judged(cut_off)) == SAMPLES


def test_a_flipped_bit_is_never_a_silent_score(cut_off: Path, tmp_path: Path) -> None:
    """C4: whatever byte of the file is altered, the score is the same, or INCOMPLETE, or the ledger is refused."""
    with sqlite3.connect(cut_off / "ledger.db") as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    sound = (cut_off / "ledger.db").read_bytes()
    with open_ledger(cut_off) as ledger:
        digest = score_run(ledger, "run-1").score_digest()
    rng = random.Random(SEED)
    used = [at for at in range(100, len(sound)) if sound[at]]
    refused = 0
    for at in rng.sample(used, 150):
        folder = tmp_path / f"bit-{at}"
        shutil.copytree(cut_off, folder)
        damaged = bytearray(sound)
        damaged[at] ^= 1 << rng.randrange(8)
        (folder / "ledger.db").write_bytes(damaged)
        try:
            with open_ledger(folder) as ledger:
                check_resumable(ledger, "run-1", BlobStore(folder / "blobs"))
                report = score_run(ledger, "run-1")
                assert all(stored.text for stored in history.completions(ledger, "run-1"))
        except FarmError as exc:
            assert isinstance(exc, LedgerError) or exc.exit_code in (2, 3), f"byte {at}: {exc!r}"
            assert "Traceback" not in str(exc) and "\n" not in str(exc)
            refused += 1
        else:
            assert report.score_digest() == digest or not report.complete, f"byte {at}: another score, silently"
        shutil.rmtree(folder)
    assert refused > 30


def test_a_file_cut_in_the_middle_is_refused(cut_off: Path) -> None:
    with sqlite3.connect(cut_off / "ledger.db") as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    path = cut_off / "ledger.db"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(LedgerError, match=r"ledger\.db"):
        judged(cut_off)
