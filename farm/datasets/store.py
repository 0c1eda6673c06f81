"""Blobs on disk under the name of their SHA-256: completions, programs, test suites.

Messages and rows name bytes here by their digest, so a blob is durable before its digest is given out,
is whole or absent at any moment, and is checked on every read. Any number of processes may use one store.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from pathlib import Path

import zstandard

from farm.errors import DigestMismatch, LedgerError
from farm.ids import DIGEST_PATTERN, sha256_hex

_LEVEL = 3  # zstd's default: test suites shrink 3-5 times at hundreds of MB/s
_ABANDONED_S = 86_400.0  # no write takes a day; an older temporary file is that of a killed process
_CHUNK_BYTES = 1 << 20


class BlobStore:
    """Blobs under `root`: `root/ab/cdef....zst`, and `root/tmp` for those being written."""

    def __init__(self, root: str | Path) -> None:
        """Opens the store and makes its directories. LedgerError if that is not possible."""
        self._root = Path(root)
        self._tmp = self._root / "tmp"
        try:
            self._tmp.mkdir(parents=True, exist_ok=True)
            _sync_directory(self._root)
            self._remove_abandoned()
        except OSError as exc:
            raise _failed(f"cannot open the blob store {self._root}", exc) from exc

    def put(self, data: bytes) -> str:
        """Stores `data` and returns its digest; the bytes are on disk when this returns.

        Writing what is stored already is cheap, and repairs a damaged copy. LedgerError when the disk
        does not take it (full, read-only): no part of the blob is left behind.
        """
        digest = sha256_hex(data)
        target = self._path(digest)
        if self._intact(digest):
            # Another process may have renamed it this moment, and not have made the name durable yet.
            _sync_directory(target.parent)
            return digest
        temporary = self._tmp / f"{digest[:16]}.{os.getpid()}.{secrets.token_hex(4)}"
        compressed = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(data)
        try:
            try:
                _write_durably(temporary, compressed)
                new_shard = not target.parent.is_dir()
                target.parent.mkdir(exist_ok=True)
                temporary.replace(target)
            except BaseException:
                with contextlib.suppress(OSError):
                    temporary.unlink(missing_ok=True)
                raise
            _sync_directory(target.parent)
            if new_shard:
                _sync_directory(self._root)
        except OSError as exc:
            raise _failed(f"cannot store blob {digest[:12]} in {self._root}", exc) from exc
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes of that digest, verified. DigestMismatch when they are gone, damaged or never were."""
        path = self._path(digest)
        try:
            data = _decompress(path.read_bytes())
        except FileNotFoundError as exc:
            raise DigestMismatch(f"blob {digest} is not in {self._root}") from exc
        except OSError as exc:
            raise DigestMismatch(f"blob {digest} cannot be read in {self._root}: {exc.strerror or exc}") from exc
        except zstandard.ZstdError as exc:
            raise self._damaged(digest) from exc
        if sha256_hex(data) != digest:
            raise self._damaged(digest)
        return data

    def __contains__(self, digest: str) -> bool:
        """Whether a file of that name is there; its content is not checked."""
        return self._path(digest).is_file()

    def _path(self, digest: str) -> Path:
        if not re.fullmatch(DIGEST_PATTERN, digest):
            raise DigestMismatch(f"{digest[:80]!r} is no SHA-256 in hex")
        return self._root / digest[:2] / f"{digest[2:]}.zst"

    def _intact(self, digest: str) -> bool:
        if digest not in self:
            return False
        try:
            self.get(digest)
        except DigestMismatch:
            return False
        return True

    def _damaged(self, digest: str) -> DigestMismatch:
        return DigestMismatch(
            f"blob {digest} is damaged in {self._root}",
            remedy="check the disk; storing the same content again repairs it",
        )

    def _remove_abandoned(self) -> None:
        for path in self._tmp.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another process cleans up too
                if time.time() - path.stat().st_mtime > _ABANDONED_S:
                    path.unlink()


def _write_durably(path: Path, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        os.fsync(fd)
    finally:
        os.close(fd)


def _sync_directory(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _decompress(data: bytes) -> bytes:
    # In chunks: a damaged header may promise any size, and one that allocates first would believe it.
    decoder = zstandard.ZstdDecompressor().decompressobj()
    parts = [decoder.decompress(data[at : at + _CHUNK_BYTES]) for at in range(0, len(data), _CHUNK_BYTES)]
    return b"".join(parts)


def _failed(what: str, exc: OSError) -> LedgerError:
    return LedgerError(f"{what}: {exc.strerror or exc}", remedy="make room or give access, then resume the run")
