"""The Redis stream to which workers append answers and from which the coordinator reads them.

A worker appends before Celery acknowledges the message, so work that was done is either answered or
delivered again. The coordinator removes an entry only after its ledger holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import redis
import zstandard

from farm.errors import MessageRejected
from farm.ids import sha256_hex
from farm.queue.messages import CompletionAnswer, Failure, Results, Returned, ScoreAnswer, ScoreJob, parse
from farm.queue.redis_keys import RUN_TTL_S, Keys
from farm.queue.signing import Signer
from farm.queue.until_answered import until_answered
from farm.records import Record, SampleResult, StoredCompletion, WorkKey
from farm.records.phases import Stage

MAX_TEXT_BYTES = 16 << 20
MAX_SCORED_BYTES = 1 << 30  # results and samples of a whole task


@dataclass(frozen=True, slots=True)
class ScoreArrived:
    """lm-eval's files for a whole run, as JSON; verified against their digest."""

    answer: ScoreAnswer
    text: bytes


Entries = list[tuple[bytes, dict[bytes, bytes]]]
Answer = StoredCompletion | Results | Returned | ScoreArrived | Failure


class AnswerStream:
    """The answer streams of runs in one Redis. `fence` is the fence of the job that is answered."""

    def __init__(self, connection: redis.Redis, keys: Keys, signer: Signer) -> None:
        self._redis = connection
        self._keys = keys
        self._signer = signer

    # --- workers ------------------------------------------------------------------------------------

    def completion(self, run_id: str, fence: int, stored: StoredCompletion) -> None:
        """Answer a generate job."""
        fields = {b"text": zstandard.compress(stored.text)}
        if stored.reasoning is not None:
            fields[b"reasoning"] = zstandard.compress(stored.reasoning)
        record = CompletionAnswer(completion=stored.completion, telemetry=stored.telemetry)
        self._append(run_id, fence, b"completion", record, fields)

    def results(self, run_id: str, fence: int, results: Sequence[SampleResult]) -> None:
        """Answer execute jobs of a batch, and give up the claims on them: what is still claimed has no answer."""
        places = [f"{Stage.EXECUTE}/{result.key}" for result in results]
        self._append(run_id, fence, b"results", Results(results=tuple(results)), answered=places)

    def returned(self, run_id: str, fence: int, returned: Returned) -> None:
        """Give jobs of a batch back that were not begun."""
        self._append(run_id, fence, b"returned", returned)

    def scored(self, job: ScoreJob, text: bytes, worker: str) -> None:
        """Answer a score job."""
        record = ScoreAnswer(
            config=job.config, answers=job.answers, text_bytes=len(text), text_sha256=sha256_hex(text), worker=worker
        )
        self._append(job.run_id, job.fence, b"scored", record, {b"text": zstandard.compress(text)})

    def failure(self, run_id: str, fence: int, failure: Failure) -> None:
        """Report that an attempt failed."""
        self._append(run_id, fence, b"failure", failure)

    def _append(
        self,
        run_id: str,
        fence: int,
        kind: bytes,
        record: Record,
        texts: dict[bytes, bytes] | None = None,
        answered: Sequence[str] = (),
    ) -> None:
        stream = self._keys.answers(run_id)
        text, number = record.to_json(), str(fence).encode()
        mac = self._signer.answer(run_id, kind, number, text)
        fields = {b"kind": kind, b"fence": number, b"record": text, b"mac": mac, **(texts or {})}

        def append() -> None:
            pipe = self._redis.pipeline(transaction=False)
            pipe.xadd(stream, cast(dict[Any, Any], fields))
            pipe.expire(stream, RUN_TTL_S)
            if answered:
                pipe.hdel(self._keys.claims(run_id), *answered)
            pipe.execute()

        until_answered(append, f"run {run_id}, an answer")

    # --- coordinator --------------------------------------------------------------------------------

    def read(self, run_id: str, after: bytes, *, block_ms: int, count: int) -> Entries:
        """Entries after an id, oldest first; waits up to `block_ms` for the first one."""
        reply: Any = self._redis.xread({self._keys.answers(run_id): after}, count=count, block=block_ms)
        # One stream was asked for: [[name, entries]], or nothing when the time ran out.
        return cast(Entries, reply[0][1]) if reply else []

    def open(self, run_id: str, fields: dict[bytes, bytes]) -> Answer:
        """An entry as a record, with its signature checked. Raises MessageRejected or VersionSkew."""
        kind, fence, record, mac = (fields.get(name, b"") for name in (b"kind", b"fence", b"record", b"mac"))
        self._signer.check_answer(run_id, kind, fence, record, mac)
        return decode(fields)

    def remove(self, run_id: str, ids: Sequence[bytes], done: Sequence[tuple[Stage, WorkKey]]) -> None:
        """Delete entries that the ledger holds, and what Redis notes of the work in `done`."""
        if not ids:
            return
        pipe = self._redis.pipeline(transaction=True)
        places = [f"{stage}/{key}" for stage, key in done]
        if places:
            pipe.hdel(self._keys.outstanding(run_id), *places)
            pipe.hdel(self._keys.claims(run_id), *places)
            pipe.hdel(self._keys.starts(run_id), *places)
        pipe.xdel(self._keys.answers(run_id), *ids)
        pipe.execute()


def decode(fields: dict[bytes, bytes]) -> Answer:
    """An entry as a record, without a check of its signature. Raises MessageRejected or VersionSkew."""
    kind, record = fields.get(b"kind"), fields.get(b"record")
    if record is None:
        raise MessageRejected("an answer without a record")
    if kind == b"completion":
        answer = parse(CompletionAnswer, record)
        text = _unpack(fields.get(b"text"), answer.completion.text_sha256)
        reasoning = None
        if answer.completion.reasoning_sha256 is not None:
            reasoning = _unpack(fields.get(b"reasoning"), answer.completion.reasoning_sha256)
        return StoredCompletion(answer.completion, answer.telemetry, text, reasoning)
    if kind == b"results":
        return parse(Results, record)
    if kind == b"returned":
        return parse(Returned, record)
    if kind == b"scored":
        scored = parse(ScoreAnswer, record)
        most = min(scored.text_bytes, MAX_SCORED_BYTES)
        return ScoreArrived(scored, _unpack(fields.get(b"text"), scored.text_sha256, most))
    if kind == b"failure":
        return parse(Failure, record)
    raise MessageRejected(f"an answer of unknown kind {kind!r}")


def _unpack(data: bytes | None, digest: str, most: int = MAX_TEXT_BYTES) -> bytes:
    if data is None:
        raise MessageRejected("an answer without its text")
    try:
        if not 0 <= zstandard.frame_content_size(data) <= most:
            raise MessageRejected(f"an answer whose text is over {most} bytes")
        text = zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError as exc:
        raise MessageRejected("an answer whose text cannot be unpacked") from exc
    if sha256_hex(text) != digest:
        raise MessageRejected("an answer whose text is not what its record names")
    return text
