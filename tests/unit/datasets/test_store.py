"""The blob store: whole or absent, checked on read, shared by processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from farm.datasets.store import BlobStore
from farm.errors import DigestMismatch, LedgerError
from farm.ids import sha256_hex

ROOT = Path(__file__).resolve().parents[3]


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize("data", [b"", b"x", b"\0" * 5_000_000, os.urandom(3_000_000), b"\x28\xb5\x2f\xfd" * 9])
def test_what_is_put_comes_back_under_its_digest(tmp_path: Path, data: bytes) -> None:
    store = BlobStore(tmp_path)
    digest = store.put(data)
    assert digest == sha256_hex(data)
    assert digest in store
    assert BlobStore(tmp_path).get(digest) == data


def test_blobs_are_compressed_sharded_and_stored_once(tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "deep" / "blobs")
    digest = store.put(b"a" * 1_000_000)
    assert store.put(b"a" * 1_000_000) == digest
    stored = files(tmp_path)
    assert stored == [tmp_path / "deep" / "blobs" / digest[:2] / f"{digest[2:]}.zst"]
    assert stored[0].stat().st_size < 1000


def test_a_blob_that_is_gone_is_named(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    digest = sha256_hex(b"never stored")
    assert digest not in store
    with pytest.raises(DigestMismatch, match=f"blob {digest} is not in"):
        store.get(digest)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_what_is_no_digest_reaches_no_file(tmp_path: Path, digest: str) -> None:
    with pytest.raises(DigestMismatch, match="is no SHA-256"):
        BlobStore(tmp_path).get(digest)


@pytest.mark.parametrize("damage", ["cut", "empty", "flip", "swap"])
def test_damage_is_found_on_read_and_repaired_by_the_next_put(tmp_path: Path, damage: str) -> None:
    store = BlobStore(tmp_path)
    data = os.urandom(50_000)
    digest = store.put(data)
    (path,) = files(tmp_path)
    stored = path.read_bytes()
    other = BlobStore(tmp_path / "other")
    other.put(b"another")
    damaged = {
        "cut": stored[: len(stored) // 2],
        "empty": b"",
        "flip": stored[:1000] + bytes([stored[1000] ^ 1]) + stored[1001:],
        "swap": files(tmp_path / "other")[0].read_bytes(),
    }[damage]
    path.write_bytes(damaged)
    with pytest.raises(DigestMismatch, match=f"blob {digest} is damaged"):
        store.get(digest)
    assert store.put(data) == digest
    assert store.get(digest) == data


# The kernel itself refuses the write in the middle, as it does on a full disk.
TOO_LARGE = """
import os, resource, signal, sys
from farm.datasets.store import BlobStore
from farm.errors import LedgerError
store = BlobStore(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    store.put(os.urandom(1_000_000))
except LedgerError as exc:
    print(exc)
print(store.get(store.put(b"small")).decode())
"""


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TOO_LARGE, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    message, small = done.stdout.splitlines()
    assert "cannot store blob" in message
    assert "File too large; make room" in message
    assert small == "small"
    assert [path.name for path in files(tmp_path)] == [f"{sha256_hex(b'small')[2:]}.zst"]


def test_a_store_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="cannot open the blob store"):
        BlobStore(tmp_path / "file" / "blobs")


def test_temporary_files_of_killed_processes_go_and_fresh_ones_stay(tmp_path: Path) -> None:
    BlobStore(tmp_path)
    old, fresh = tmp_path / "tmp" / "old", tmp_path / "tmp" / "fresh"
    old.touch()
    fresh.touch()
    os.utime(old, (1, 1))
    BlobStore(tmp_path)
    assert (old.exists(), fresh.exists()) == (False, True)


WRITER = """
import sys
from farm.datasets.store import BlobStore
store = BlobStore(sys.argv[1])
sys.stdin.readline()
for number in range(60):
    data = f"blob {number}".encode() * 500
    assert store.get(store.put(data)) == data
"""


def test_processes_that_write_the_same_blobs_at_once_all_read_them_whole(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], cwd=ROOT, stdin=subprocess.PIPE)
        for _ in range(4)
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    assert len(files(tmp_path)) == 60
    assert list((tmp_path / "tmp").iterdir()) == []
