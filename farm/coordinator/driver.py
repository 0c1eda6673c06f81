"""Driving one run: read answers, record them, tell the lifecycle, send what it asks for.

Each turn of the loop is: answers from the stream -> ledger (one durable transaction) -> entries
removed -> events to the lifecycle -> commands carried out. A crash between any two steps is repaired
by the next coordinator: what the ledger lacks is sent again, what the stream still holds is read again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import redis
from redis.exceptions import RedisError

from farm.admission.slots import Slots
from farm.coordinator.announcement import Announcement, ConnectedWorkers
from farm.coordinator.events import AttemptFailed, Pause, Vanished
from farm.coordinator.progress import Ended, Progress
from farm.coordinator.receiving import READ_COUNT, Batch
from farm.coordinator.reconcile import Out, Reconciler
from farm.coordinator.sending import Dispatcher
from farm.coordinator.servers import RunServers, window
from farm.coordinator.state import RunState, Sources
from farm.errors import BrokerUnavailable, FarmError, LedgerCorrupt, LedgerError, RunIncomplete, RunLocked
from farm.ledger.journal import CANCELLED, INTERRUPTED, Journal
from farm.ledger.ledger import Ledger
from farm.planning.regrade import take_over
from farm.queue.answer_stream import AnswerStream
from farm.queue.blobs import Blobs
from farm.queue.messages import MAX_BATCH, ExecuteConfig, GenerateConfig, Publisher
from farm.queue.redis_keys import Keys
from farm.queue.signing import Signer
from farm.records import SampleKey, WorkKey
from farm.records.phases import Phase, Stage
from farm.text import one_line

log = logging.getLogger(__name__)

READ_BLOCK_MS = 200
# From one look at the stream to the next: a turn costs a commit and some round trips, for one answer as for many
PACE_S = 0.05
TICK_S = 1.0
DRAIN_S = 10.0  # how long a paused run waits for the answers to jobs that workers have begun
REDIS_GONE_S = 120.0  # how long Redis may be away before the coordinator gives up (the run stays resumable)
EXECUTE_WINDOW = 256  # programs that are out at least, if there are so many
BATCHES_OUT = 2  # full ones for each slot: one that it has, one that waits
BUSY_PHASES = {Stage.GENERATE: Phase.GENERATING, Stage.EXECUTE: Phase.EXECUTING, Stage.SCORE: Phase.SCORING}


@dataclass(frozen=True, slots=True)
class QueueAccess:
    """What a driver needs to use one Redis."""

    connection: redis.Redis
    keys: Keys
    publisher: Publisher
    signer: Signer


class Driver:
    """Drives one run to its end. The journal must be held by this process."""

    def __init__(
        self,
        ledger: Ledger,
        journal: Journal,
        queue: QueueAccess,
        *,
        load: Callable[[str], bytes],
        generate: GenerateConfig | None,
        on_progress: Callable[[Progress], None],
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """`load` gives the stored value of a digest; `check` is called each second and may raise."""
        self._ledger, self._journal, self._run_id = ledger, journal, journal.run_id
        self._on_progress, self._check = on_progress, check
        self._spec = spec = ledger.run(self._run_id).spec
        connection, keys, signer = queue.connection, queue.keys, queue.signer
        self._announcement = Announcement(
            connection, keys, self._run_id, journal.fence, spec, ledger.identity(self._run_id), signer.key_id
        )
        self._blobs = Blobs(connection, keys, signer)
        self._servers = RunServers(
            Slots(connection, keys),
            self._run_id,
            generate.drive.servers if generate is not None else (),
            spec.model.max_concurrency if spec.model is not None and spec.generates else 1,
        )
        self._dispatcher = Dispatcher(
            queue.publisher, self._blobs, run_id=self._run_id, fence=journal.fence, load=load,
            generate=generate, execute=ExecuteConfig(judge=spec.judge, limits=spec.limits),
            environment=spec.environment, signer=signer,
        )  # fmt: skip
        self._windows = {Stage.GENERATE: window(self._servers.room), Stage.EXECUTE: EXECUTE_WINDOW}
        answers = AnswerStream(connection, keys, signer)
        self._sources = Sources(ledger, journal, spec, load, self._dispatcher, answers)
        self._reconciler = Reconciler(connection, keys, self._run_id)
        self._workers = ConnectedWorkers()
        self._counts: Counter[str] = Counter()
        self._conflicts: dict[SampleKey, None] = {}
        self._notice = ""
        self._started = self._ticked = time.monotonic()
        self._rests_until = 0.0

    def run(self, stop: threading.Event) -> Ended:
        """Drive until nothing is left to do, or `stop` is set.

        Raises BrokerUnavailable when Redis stays away, LedgerError when nothing can be recorded; the
        run can be resumed after either.
        """
        try:
            return self._drive(stop)
        except RunLocked:
            raise  # another coordinator has it now
        except FarmError as exc:
            # The cause may go away by itself, so an order to drive this run stands
            again = isinstance(exc, BrokerUnavailable | LedgerError) and not isinstance(exc, LedgerCorrupt)
            with suppress(FarmError):  # a full disk takes no note either; the lock is taken over by a resume
                self._journal.release("paused", one_line(str(exc)), keep_order=again)
            raise

    def _drive(self, stop: threading.Event) -> Ended:
        state: RunState | None = None
        gone_since: float | None = None
        while True:
            cancelled = False
            try:
                if state is None:
                    state = self._begin()
                cancelled = self._turn(state, stop)
                gone_since = None
            except RedisError as exc:
                gone_since = self._wait_for_redis(exc, gone_since, state, stop)
                cancelled = self._journal.cancelled()
            if stop.is_set():
                return self._pause(state, INTERRUPTED)
            if cancelled:
                return self._pause(state, CANCELLED)
            if state is not None and state.lifecycle.paused is not None:
                return self._pause(state, state.lifecycle.paused)
            if state is not None and state.lifecycle.done:
                return self._finish(state)

    # --- the parts of a drive -----------------------------------------------------------------------

    def _begin(self) -> RunState:
        """The run as the ledger has it, with what is to be sent now sent. Raises RedisError; then it begins again."""
        state = RunState(self._sources, self._windows)
        self._announcement.claim_name()
        self._announce()
        log.info("begun, fence %d", self._journal.fence)
        batch = state.receiver.read(block_ms=0)  # what an earlier coordinator did not get to
        while batch.entries and batch.removed:
            self._note(batch)
            batch = state.receiver.read(block_ms=0)
        adopted = self._reconciler.adopted()
        self._look_at_workers(state)
        self._look_at_servers()
        if self._spec.regraded_from is not None:
            take_over(self._ledger, self._journal, self._spec.regraded_from)
        state.start(adopted)
        self._report_progress(state)
        return state

    def _turn(self, state: RunState, stop: threading.Event) -> bool:
        """One look at the stream, and each second at everything else; whether the run is cancelled."""
        stop.wait(max(0.0, self._rests_until - time.monotonic()))
        batch = self._receive(state)
        now = time.monotonic()
        self._rests_until = now + PACE_S if 0 < batch.entries < READ_COUNT else now
        if now - self._ticked < TICK_S:
            return False
        self._ticked = now
        return self._tick(state, now, caught_up=batch.entries < READ_COUNT)

    def _tick(self, state: RunState, now: float, *, caught_up: bool) -> bool:
        self._check()
        self._announce()
        if self._journal.cancelled():
            return True
        self._look_at_workers(state)
        self._counts["refused_messages"] += self._announcement.newly_refused()
        self._look_at_servers()
        self._flush_counts()
        self._blobs.drop(self._run_id, state.open_work.take_spent())
        if caught_up:  # else an answer may be waiting in the stream for what looks lost
            self._reconcile(state, now)
        self._announcement.show(self._report_progress(state))
        return False

    def _reconcile(self, state: RunState, now: float) -> None:
        queues = {stage: name for stage in Stage if (name := self._dispatcher.queue_name(stage)) is not None}
        out = [self._out(key, stage, n) for stage in queues for key, n in state.lifecycle.outstanding(stage).items()]
        self._dispatcher.keep_names({f"{job.stage}/{job.key}" for job in out})
        findings = self._reconciler.look(out, queues, now)
        for job, worker in findings.dead:
            reason = f"worker_lost: {worker}"
            if isinstance(job.key, SampleKey):
                self._journal.record_failure(job.key, job.stage, job.attempt, reason)
            self._counts["workers_lost"] += 1
            log.info("%s lost: %s", job.stage, worker, extra=self._about(job))
            state.handle(AttemptFailed(job.key, job.stage, job.attempt, reason))
        for job in findings.vanished:
            self._counts["resends"] += 1
            log.info("%s is nowhere: sent again", job.stage, extra=self._about(job))
            state.handle(Vanished(job.key, job.stage))
        counts = state.lifecycle.counts()
        busy = [stage for stage, phase in BUSY_PHASES.items() if counts[phase]]
        self._notice = self._workers.missing(busy, self._spec)

    def _out(self, key: WorkKey, stage: Stage, attempt: int) -> Out:
        return Out(key, stage, attempt, self._dispatcher.message_id(f"{stage}/{key}", attempt))

    def _about(self, job: Out) -> dict[str, object]:
        problem = {"problem": job.key.problem_id} if isinstance(job.key, SampleKey) else {}
        return {"about": {"run": self._run_id, **problem, "sample": str(job.key), "attempt": job.attempt}}

    def _pause(self, state: RunState | None, reason: str) -> Ended:
        """Stop asking for work, so that workers drop what is queued, and await the answers to what they have begun."""
        try:
            self._announcement.withdraw()
            if state is not None:
                state.handle(Pause(reason))
                deadline = time.monotonic() + DRAIN_S
                while (left_s := deadline - time.monotonic()) > 0 and (begun := self._reconciler.adopted()):
                    self._notice = f"stopping: waits for {len(begun)} jobs under way, {left_s:.0f} s at most"
                    self._report_progress(state)
                    self._receive(state)
                self._notice = ""
                self._receive(state)
        except RedisError as exc:
            log.warning("Redis does not answer while pausing: %s", exc)
        self._flush_counts()
        self._report_progress(state)
        log.info("paused: %s", one_line(reason))
        self._journal.release("paused", reason, keep_order=reason == INTERRUPTED)
        return Ended("paused", reason, tuple(self._conflicts))

    def _receive(self, state: RunState) -> Batch:
        batch = state.receive(block_ms=READ_BLOCK_MS)
        self._note(batch)
        return batch

    def _finish(self, state: RunState) -> Ended:
        self._flush_counts()
        self._report_progress(state)
        try:
            self._announcement.clear()
        except RedisError as exc:
            log.warning("the run's keys stay in Redis until their TTL ends: %s", exc)
        ended = "complete" if state.lifecycle.counts()[Phase.UNJUDGED] == 0 else "incomplete"
        self._journal.release(ended)
        log.info("ended: %s", ended)
        return Ended(ended, conflicts=tuple(self._conflicts))

    # --- Redis --------------------------------------------------------------------------------------

    def _look_at_workers(self, state: RunState) -> None:
        self._workers = self._announcement.connected_workers()
        state.cache.set_runtimes(self._workers.runtimes)
        self._dispatcher.batches.slots = self._workers.execute_slots
        self._windows[Stage.EXECUTE] = max(EXECUTE_WINDOW, BATCHES_OUT * MAX_BATCH * self._workers.execute_slots)

    def _look_at_servers(self) -> None:
        self._servers.look()
        self._windows[Stage.GENERATE] = window(self._servers.room)

    def _announce(self) -> None:
        self._announcement.announce()
        self._journal.heartbeat()

    def _wait_for_redis(
        self, exc: Exception, since: float | None, state: RunState | None, stop: threading.Event
    ) -> float:
        self._check()  # the embedded broker may be what is gone
        now = time.monotonic()
        since = now if since is None else since
        self._reconciler.forget()
        if now - since > REDIS_GONE_S:
            error = BrokerUnavailable(
                f"Redis has not answered for {REDIS_GONE_S:.0f} s: {exc}",
                remedy=f"bring it back, then: farm resume {self._run_id}",
            )
            error.exit_code = RunIncomplete.exit_code
            raise error from exc
        self._notice = "Redis does not answer; waiting for it"
        log.warning("%s: %s", self._notice, exc)
        self._report_progress(state)
        stop.wait(1.0)
        return since

    # --- telling ------------------------------------------------------------------------------------

    def _note(self, batch: Batch) -> None:
        self._counts.update(batch.counts)
        self._conflicts.update(dict.fromkeys(batch.conflicts))

    def _flush_counts(self) -> None:
        self._journal.count(self._counts.items())
        self._counts.clear()

    def _report_progress(self, state: RunState | None) -> Progress:
        elapsed_s = time.monotonic() - self._started
        notice = "; ".join(filter(None, (self._notice, *self._servers.ailing())))
        if state is None:
            progress = Progress(dict.fromkeys(Phase, 0), {}, 0, 0, self._servers.room, elapsed_s, notice)
        else:
            traffic = state.receiver.traffic
            progress = Progress(
                phases=state.lifecycle.counts(),
                verdicts=dict(state.open_work.verdicts),
                completion_tokens=traffic.tokens,
                in_flight=self._servers.in_flight,
                slots=self._servers.room,
                elapsed_s=elapsed_s,
                notice=notice,
                tokens_per_s=traffic.tokens_per_s(self._servers.streamed),
                streamed=self._servers.streamed,
                ttft_s=traffic.ttft_s(),
                score=state.open_work.score(),
                failures=dict(traffic.failures),
                slowest=self._servers.slowest(),
            )
        self._on_progress(progress)
        return progress
