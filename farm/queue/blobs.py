"""Large values in Redis under their SHA-256: prompts, suites and programs of active runs.

A worker caches what it fetched, up to a budget, because the samples of a problem share their suite.
A blob is verified against its name; one that is gone or altered raises DigestMismatch. It begins with its sizes,
signed: a worker reads and unpacks that many bytes and no more, so no other client of Redis can fill its memory.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, cast

import redis
import zstandard

from farm.errors import DigestMismatch, MessageRejected
from farm.ids import sha256_hex
from farm.queue.messages import R, parse
from farm.queue.redis_keys import RUN_TTL_S, Keys
from farm.queue.signing import HEAD_BYTES, Signer
from farm.queue.until_answered import until_answered
from farm.records import Record

RECORD_BYTES = 16 << 20  # of JSON whose records are kept
FIRST_BYTES = 64 << 10  # read at once: most programs, and many suites
PIECE_BYTES = 4 << 20  # of what follows; below farm.queue.bounded_replies.REPLY_BYTES
PIPELINE_BYTES = 8 << 20  # memory of this process for one pipeline of blobs


class Blobs:
    """The blobs of runs in one Redis. Threads may share it; only the order of the cache may then be inexact."""

    def __init__(self, connection: redis.Redis, keys: Keys, signer: Signer, *, cache_bytes: int = 64 << 20) -> None:
        self._redis = connection
        self._keys = keys
        self._signer = signer
        self._cache: OrderedDict[str, bytes] = OrderedDict()
        self._cached = 0
        self._budget = cache_bytes
        self._compressor = zstandard.ZstdCompressor(level=1)
        self._records: OrderedDict[tuple[type[Record], str], tuple[Record, int]] = OrderedDict()
        self._recorded = 0
        self._lock = threading.Lock()

    def missing(self, run_id: str, digests: Iterable[str]) -> set[str]:
        """The digests that Redis does not hold."""
        wanted = sorted(set(digests))
        pipe = self._redis.pipeline(transaction=False)
        for digest in wanted:
            pipe.exists(self._keys.blob(run_id, digest))
        return {digest for digest, there in zip(wanted, pipe.execute(), strict=True) if not there}

    def put(self, run_id: str, values: Iterable[tuple[str, bytes]]) -> None:
        """Store (digest, data) pairs."""
        pipe, pending = self._redis.pipeline(transaction=False), 0
        for digest, data in values:
            packed = self._compressor.compress(data)
            stored = self._signer.blob_head(run_id, digest, len(packed), len(data)) + packed
            pipe.set(self._keys.blob(run_id, digest), stored, ex=RUN_TTL_S)
            pending += len(stored)
            if pending >= PIPELINE_BYTES:
                pipe.execute()
                pending = 0
        pipe.execute()

    def note_outstanding(self, run_id: str, attempts: Mapping[str, int]) -> None:
        """Record `stage/sample key` -> attempt before its job is published; workers drop a job that is not recorded."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.hset(self._keys.outstanding(run_id), mapping=cast(dict[Any, Any], attempts))
        pipe.expire(self._keys.outstanding(run_id), RUN_TTL_S)
        pipe.execute()

    def drop(self, run_id: str, digests: Iterable[str]) -> None:
        """Delete blobs that no job needs any more."""
        names = [self._keys.blob(run_id, digest) for digest in digests]
        if names:
            self._redis.unlink(*names)

    def record(self, kind: type[R], run_id: str, digest: str) -> R:
        """The record in a blob. The samples of a problem share it, so it is read once. Raises as `get` and `parse`."""
        with self._lock:
            known = self._records.get((kind, digest))
            if known is not None:
                self._records.move_to_end((kind, digest))
                return cast(R, known[0])
        data = self.get(run_id, digest)
        record = parse(kind, data)
        with self._lock:
            if (kind, digest) not in self._records:  # another thread may have been faster
                self._records[kind, digest] = record, len(data)
                self._recorded += len(data)
            while len(self._records) > 1 and self._recorded > RECORD_BYTES:
                self._recorded -= self._records.popitem(last=False)[1][1]
        return record

    def get(self, run_id: str, digest: str) -> bytes:
        """The value of a digest. Raises DigestMismatch when it is gone or altered."""
        cached = self._cache.get(digest)
        if cached is not None:
            return cached
        stored = self._piece(run_id, digest, 0, FIRST_BYTES)
        if not stored:
            raise DigestMismatch(f"blob {digest[:12]} of run {run_id} is not in Redis")
        whole = HEAD_BYTES + self._sizes(run_id, digest, stored)[0]
        pieces = [stored]
        while (read := sum(map(len, pieces))) < whole:
            piece = self._piece(run_id, digest, read, min(PIECE_BYTES, whole - read))
            if not piece:
                raise DigestMismatch(f"blob {digest[:12]} of run {run_id} is cut off")
            pieces.append(piece)
        return self._verified(run_id, digest, b"".join(pieces))

    def keep(self, run_id: str, digest: str, stored: bytes) -> None:
        """Cache a value as Redis gave it, for `get`. One that is not whole, or cannot be verified, is not cached."""
        with suppress(DigestMismatch):
            if len(stored) == HEAD_BYTES + self._sizes(run_id, digest, stored)[0]:
                self._verified(run_id, digest, stored)

    def _piece(self, run_id: str, digest: str, start: int, size: int) -> bytes:
        """Some bytes of a stored blob; fewer where it ends. DigestMismatch for a key that holds no text."""
        name = self._keys.blob(run_id, digest)
        try:
            return until_answered(
                lambda: cast(bytes, self._redis.getrange(name, start, start + size - 1)), f"run {run_id}, a blob"
            )
        except MessageRejected as exc:
            raise DigestMismatch(exc.message) from exc

    def _sizes(self, run_id: str, digest: str, stored: bytes) -> tuple[int, int]:
        try:
            return self._signer.blob_sizes(run_id, digest, stored)
        except MessageRejected as exc:
            raise DigestMismatch(exc.message) from exc

    def _verified(self, run_id: str, digest: str, stored: bytes) -> bytes:
        packed_bytes, data_bytes = self._sizes(run_id, digest, stored)
        packed = memoryview(stored)[HEAD_BYTES : HEAD_BYTES + packed_bytes]
        try:
            if zstandard.frame_content_size(packed) != data_bytes:
                raise DigestMismatch(f"blob {digest[:12]} of run {run_id} would unpack to another size than was signed")
            data = zstandard.ZstdDecompressor().decompress(packed)
        except zstandard.ZstdError as exc:
            raise DigestMismatch(f"blob {digest[:12]} of run {run_id} cannot be unpacked") from exc
        if sha256_hex(data) != digest:
            raise DigestMismatch(f"blob {digest[:12]} of run {run_id} has another digest")
        if len(data) <= self._budget // 2:
            self._cache[digest] = data
            self._cached += len(data)
            while self._cached > self._budget:
                self._cached -= len(self._cache.popitem(last=False)[1])
        return data
