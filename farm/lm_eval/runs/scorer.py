"""Having a run's answers scored: one job to a worker that has the environment, and lm-eval's files back.

Needs no lock on the run: it is complete, and scoring the same answers twice gives the same files.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import redis
from redis.exceptions import RedisError

from farm.coordinator.announcement import RunBoard
from farm.datasets.store import BlobStore
from farm.errors import BrokerUnavailable, Interrupted, MessageRejected, RunIncomplete, VersionSkew
from farm.ids import sha256_hex
from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.queue.answer_stream import AnswerStream, Scored
from farm.queue.blobs import Blobs
from farm.queue.messages import SCORE_TASK, Failure, Publisher, ScoreJob, TaskMessage
from farm.queue.redis_keys import Keys, score_queue
from farm.queue.signing import Signer
from farm.queue.workers import living_workers
from farm.records import RunSpec, SampleKey
from farm.text import decode

KEY = SampleKey("score", 0)
RESEND_S = 15.0  # a job that no living worker has claimed for so long is sent again
NOTICE_S = 60.0  # until the same is said again
REDIS_GONE_S = 120.0  # as long as a run's driver waits
BOOTSTRAP = 100_000  # lm-eval's own number of resamples for the errors of its figures


def answers_of(
    ledger: Ledger, run_id: str, rows: list[dict[str, Any]], name: Callable[[object], str]
) -> list[list[str]]:
    """The answers to each request of a plan, in its order. RunIncomplete if one is missing."""
    texts: dict[str, dict[int, str]] = {}
    for stored in history.completions(ledger, run_id):
        texts.setdefault(stored.completion.problem_id, {})[stored.completion.index] = decode(stored.text)
    n = ledger.run(run_id).spec.sampling.n
    found = [[texts.get(name(row["doc_id"]), {}).get(index) for index in range(n)] for row in rows]
    missing = sum(text is None for answers in found for text in answers)
    if missing:
        raise RunIncomplete(
            f"run {run_id}: {missing} answers are missing", remedy=f"continue with: farm resume {run_id}"
        )
    return [[text for text in answers if text is not None] for answers in found]


def order_of(spec: RunSpec, run_id: str, plan: dict[str, Any]) -> dict[str, Any]:
    """What a scoring process needs besides the answers. It tells no address and no key."""
    assert spec.model is not None
    rows = [{**row, "repeats": spec.sampling.n} for row in plan["rows"]]
    served = {"model": spec.model.repo, "device": spec.model.device}
    return {
        "plan": {**plan, "rows": rows},
        "model": spec.model.repo,
        "bootstrap_iters": BOOTSTRAP,
        "config": {"model": "farm", "model_args": served, "farm_runs": [run_id]},
    }  # fmt: skip


class Scorer:
    """Sends the job and waits for its answer."""

    def __init__(
        self,
        ledger: Ledger,
        run_id: str,
        *,
        publisher: Publisher,
        connection: redis.Redis,
        keys: Keys,
        signer: Signer,
        check: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        run = ledger.run(run_id)
        self._run_id, self._fence, self._publisher, self._redis, self._keys = (
            run_id,
            run.fence,
            publisher,
            connection,
            keys,
        )
        self._signer, self._check, self._say = signer, check, say
        self._blobs, self._answers = Blobs(connection, keys, signer), AnswerStream(connection, keys, signer)
        identity = ledger.identity(run_id)
        self._board = RunBoard(connection, keys, run_id, run.fence, run.spec, identity, signer.key_id)

    def score(
        self, environment: str, order: bytes, answers: bytes, stop: threading.Event, wanted: Callable[[], bool]
    ) -> dict[str, Any]:
        """lm-eval's files: `{"files": {name: text}, "figures": {...}}`.

        Raises RunIncomplete with what lm-eval said if it fails or when the score is not `wanted` any more,
        Interrupted when `stop` is set.
        """
        self._board.own()
        attempt, sent, gone = 0, float("-inf"), time.monotonic()
        told, told_at = "", gone
        try:
            while not stop.is_set():
                self._check()
                if not wanted():
                    raise RunIncomplete(
                        f"run {self._run_id} is cancelled and not scored",
                        remedy=f"score it: farm resume {self._run_id}",
                    )
                now = time.monotonic()
                try:
                    self._board.announce()
                    if now - sent > RESEND_S and not self._claimed():
                        attempt += 1
                        self._send(environment, order, answers, attempt)
                        sent = now
                    found = self._read()
                    notice = "" if found is not None else self._missing(environment)
                    gone = now
                except RedisError as exc:
                    found, notice = None, ""
                    self._wait_for_redis(exc, now - gone, stop)
                if found is not None:
                    return found
                if notice and (notice != told or now - told_at > NOTICE_S):
                    told, told_at = notice, now
                    self._say(notice)
        finally:
            with suppress(RedisError):  # its keys have a TTL
                self._board.clear()
        raise Interrupted(f"run {self._run_id} is not scored yet", remedy=f"continue with: farm resume {self._run_id}")

    def _wait_for_redis(self, exc: Exception, away_s: float, stop: threading.Event) -> None:
        if away_s > REDIS_GONE_S:
            remedy = f"bring it back, then: farm resume {self._run_id}"
            raise BrokerUnavailable(f"Redis has not answered for {away_s:.0f} s: {exc}", remedy=remedy) from exc
        stop.wait(1.0)

    def _send(self, environment: str, order: bytes, answers: bytes, attempt: int) -> None:
        values = {sha256_hex(order): order, sha256_hex(answers): answers}
        self._blobs.put(self._run_id, values.items())
        self._blobs.note_outstanding(self._run_id, {f"score/{KEY}": attempt})
        job = ScoreJob(
            run_id=self._run_id, problem_id=KEY.problem_id, index=KEY.index, attempt=attempt, fence=self._fence,
            config=sha256_hex(order), answers=sha256_hex(answers), environment=environment,
        )  # fmt: skip
        message = TaskMessage(
            SCORE_TASK, f"{self._run_id}:{KEY}:score:{attempt}", self._signer.signed(job).model_dump(mode="json"),
            f"{{'run': '{self._run_id}'}}",
        )  # fmt: skip
        self._publisher.send(score_queue(environment), [message])

    def _claimed(self) -> bool:
        """Whether a living worker has the job."""
        raw: Any = self._redis.hget(self._keys.claims(self._run_id), f"score/{KEY}")
        if raw is None:
            return False
        return bool(self._redis.exists(self._keys.worker(raw.decode("utf-8", "replace").partition("/")[2])))

    def _missing(self, environment: str) -> str:
        """What the run waits for, and what to type; empty while a living worker scores."""
        if self._claimed():
            return ""
        fit = [
            w.name for w in living_workers(self._redis, self._keys) if environment in w.environments and not w.draining
        ]
        waits = (
            f"waiting for {', '.join(fit)}, with the environment {environment}"
            if fit
            else f"no score worker has the environment {environment}: where Redis can be reached, "
            f"farm env create {environment}, then farm worker score --env {environment}"
        )
        return "; ".join((waits, *self._board.present().strangers))

    def _read(self) -> dict[str, Any] | None:
        for entry, fields in self._answers.read(self._run_id, b"0", block_ms=1000, count=16):
            self._answers.remove(self._run_id, [entry], [])
            try:
                answer = self._answers.open(self._run_id, fields)
            except (MessageRejected, VersionSkew):
                continue  # not of a worker of ours
            if isinstance(answer, Scored):
                found: dict[str, Any] = json.loads(answer.text)
                return found
            if isinstance(answer, Failure) and answer.stage == "score":
                raise RunIncomplete(
                    f"run {self._run_id}: {answer.reason}", remedy=f"mend that, then: farm resume {self._run_id}"
                )
        return None


def plan_of(spec: RunSpec, store: BlobStore) -> dict[str, Any]:
    """lm-eval's plan of the run's task, as it was made."""
    assert spec.harness is not None and spec.harness.plan is not None
    found: dict[str, Any] = json.loads(store.get(spec.harness.plan))
    return found
