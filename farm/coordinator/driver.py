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

import redis
from redis.exceptions import RedisError

from farm.admission.slots import Slots
from farm.coordinator.announcement import Present, RunBoard
from farm.coordinator.commands import Outbox
from farm.coordinator.execution_cache import ExecutionCache
from farm.coordinator.lifecycle import AttemptFailed, Command, Event, Judged, Lifecycle, Pause, Vanished
from farm.coordinator.open_work import Tally
from farm.coordinator.priority import LongestFirst
from farm.coordinator.progress import Ended, Progress
from farm.coordinator.receiving import READ_COUNT, Batch, Intake
from farm.coordinator.reconcile import Out, Reconciler
from farm.coordinator.sending import Dispatcher
from farm.coordinator.servers import RunServers, window
from farm.errors import BrokerUnavailable, FarmError, LedgerCorrupt, LedgerError, RunIncomplete, RunLocked
from farm.ids import DEFAULT_RUNTIME
from farm.ledger import history
from farm.ledger.journal import CANCELLED, INTERRUPTED, Journal
from farm.ledger.ledger import Ledger
from farm.planning.regrade import take_over
from farm.queue.answer_stream import AnswerStream
from farm.queue.blobs import Blobs
from farm.queue.messages import ExecuteConfig, GenerateConfig, Publisher
from farm.queue.redis_keys import Keys
from farm.queue.signing import Signer
from farm.records import ALL_SAMPLES, RunSpec, SampleKey
from farm.records.phases import NOT_COUNTED, Phase, Stage
from farm.text import one_line

log = logging.getLogger(__name__)

READ_BLOCK_MS = 200
# From one look at the stream to the next: a turn costs a commit and some round trips, for one answer as for many
PACE_S = 0.05
TICK_S = 1.0
DRAIN_S = 10.0  # how long a paused run waits for what workers have in hand
REDIS_GONE_S = 120.0  # how long Redis may be away before the coordinator gives up (the run stays resumable)
EXECUTE_WINDOW = 256
PHASES_OUT = {Stage.GENERATE: Phase.GENERATING, Stage.EXECUTE: Phase.EXECUTING, Stage.SCORE: Phase.SCORING}


class Driver:
    """Drives one run to its end. The journal must be held by this process."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        journal: Journal,
        spec: RunSpec,
        publisher: Publisher,
        connection: redis.Redis,
        keys: Keys,
        signer: Signer,
        load: Callable[[str], bytes],
        generate: GenerateConfig | None,
        on_progress: Callable[[Progress], None],
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """`load` gives the stored value of a digest; `check` is called each second and may raise."""
        self._ledger, self._journal, self._spec = ledger, journal, spec
        self._run_id = journal.run_id
        self._environment = spec.harness.environment if spec.harness is not None else ""
        model = spec.model if spec.generates else None
        self._board = RunBoard(
            connection, keys, self._run_id, journal.fence, spec, ledger.identity(self._run_id), signer.key_id
        )
        self._blobs = Blobs(connection, keys, signer)
        self._on_progress, self._check = on_progress, check
        urls = generate.drive.servers if generate is not None else ()
        self._servers = RunServers(Slots(connection, keys), self._run_id, urls, model.max_concurrency if model else 1)
        self._dispatcher = Dispatcher(
            publisher, self._blobs, run_id=self._run_id, fence=journal.fence, load=load,
            generate=generate, execute=ExecuteConfig(judge=spec.judge, limits=spec.limits),
            environment=self._environment, signer=signer,
        )  # fmt: skip
        self._windows = {Stage.GENERATE: window(self._servers.room), Stage.EXECUTE: EXECUTE_WINDOW}
        self._lifecycle = Lifecycle(windows=self._windows, after_completion=spec.after_completion)
        self._reconciler = Reconciler(connection, keys, self._run_id)
        self._problems = {row.problem_id: row for row in history.problems(ledger, self._run_id)}
        self._present = Present()
        self._cache = ExecutionCache(ledger, self._run_id, spec, lambda key: self._lifecycle.is_out(key, Stage.EXECUTE))
        self._outbox = Outbox(ledger, journal, spec, self._problems, self._dispatcher, self._cache, load)
        planned = history.planned_samples(ledger, self._run_id)
        self._order = self._new_order()
        self._intake = Intake(
            journal,
            AnswerStream(connection, keys, signer),
            spec,
            self._problems,
            planned,
            self._outbox.program_digest,
            self._outbox.score_inputs,
        )
        self._tally = Tally(self._problems)
        self._counts: Counter[str] = Counter()
        self._conflicts: dict[SampleKey, None] = {}
        self._notice = ""
        self._started = self._ticked = time.monotonic()
        self._rests_until = 0.0

    def run(self, stop: threading.Event) -> Ended:
        """Drive until every sample is judged or given up, or `stop` is set.

        Raises BrokerUnavailable when Redis stays away, LedgerError when nothing can be recorded; the
        run can be resumed after either.
        """
        try:
            return self._drive(stop)
        except RunLocked:
            raise  # somebody else's now
        except FarmError as exc:
            # Nobody has to mend the run for these
            again = isinstance(exc, BrokerUnavailable | LedgerError) and not isinstance(exc, LedgerCorrupt)
            with suppress(FarmError):  # a full disk takes no note either; the lock is taken over by a resume
                self._journal.release("paused", one_line(str(exc)), keep_order=again)
            raise

    def _drive(self, stop: threading.Event) -> Ended:
        gone_since: float | None = None
        begun = False
        while True:
            try:
                if not begun:
                    self._begin()
                    begun = True
                self._turn(stop)
                gone_since = None
            except RedisError as exc:
                gone_since = self._redis_trouble(exc, gone_since, stop)
            if stop.is_set():
                return self._pause(INTERRUPTED)
            if self._lifecycle.paused is not None:
                return self._pause(self._lifecycle.paused)
            if begun and self._lifecycle.done:
                return self._finish()

    # --- the parts of a drive -----------------------------------------------------------------------

    def _begin(self) -> None:
        """From the ledger; may be repeated when Redis fails in the middle of it."""
        self._order = self._new_order()
        self._lifecycle = Lifecycle(
            windows=self._windows, generate=self._order, after_completion=self._spec.after_completion
        )
        self._tally = Tally(self._problems)
        self._board.own()
        self._announce()
        log.info("begun, fence %d", self._journal.fence)
        batch = self._intake.read(block_ms=0)  # what an earlier coordinator did not get to
        while batch.entries and batch.removed:
            self._note(batch)
            batch = self._intake.read(block_ms=0)
        adopted = self._reconciler.adopted()
        self._see_workers()
        self._see_servers()
        if self._spec.generates:
            for problem_id, tokens in history.expected_tokens(self._ledger, self._run_id):
                self._order.learn(problem_id, tokens)
        if self._spec.regraded_from is not None:
            take_over(self._ledger, self._journal, self._spec.regraded_from)
        for counted in history.verdict_counts(self._ledger, self._run_id):
            verdict = counted.verdict if counted.official else NOT_COUNTED
            self._tally.known(counted.problem_id, verdict, counted.number)
        scored = history.is_scored(self._ledger, self._run_id)
        known = []
        for state in history.sample_states(self._ledger, self._run_id, judged=False):
            failures = {Stage(stage): number for stage, number in state.failures.items()}
            if state.unjudged is not None and not (state.completed and state.unjudged.stage is Stage.GENERATE):
                phase = Phase.UNJUDGED
            else:
                stage = Stage.EXECUTE if state.completed else Stage.GENERATE
                phase = Phase.COMPLETED if state.completed else Phase.PLANNED
                if adopted.get((state.key, stage)) == failures.get(stage, 0) + 1:
                    phase = Phase.EXECUTING if state.completed else Phase.GENERATING
                    if state.completed:
                        self._outbox.adopt(state.key)
                phase = Phase.JUDGED if scored else phase
                self._tally.open(state.key)
            known.append((state.key, phase, failures))
        self._carry_out(
            self._lifecycle.start(
                known, judged=self._tally.verdicts.total(), scoring=adopted.get((ALL_SAMPLES, Stage.SCORE), 0)
            )
        )
        self._report_progress()

    def _turn(self, stop: threading.Event) -> None:
        stop.wait(max(0.0, self._rests_until - time.monotonic()))
        batch = self._read()
        now = time.monotonic()
        self._rests_until = now + PACE_S if 0 < batch.entries < READ_COUNT else now
        if now - self._ticked >= TICK_S:
            self._ticked = now
            self._tick(now, caught_up=batch.entries < READ_COUNT)

    def _tick(self, now: float, *, caught_up: bool) -> None:
        self._check()
        self._announce()
        self._heed_cancel()
        self._see_workers()
        self._counts["refused_messages"] += self._board.newly_refused()
        self._see_servers()
        self._flush_counts()
        self._blobs.drop(self._run_id, self._tally.take_spent())
        if caught_up:  # else an answer may be waiting in the stream for what looks lost
            self._look(now)
        self._board.show(self._report_progress())

    def _look(self, now: float) -> None:
        queues = {stage: name for stage in Stage if (name := self._dispatcher.queue_name(stage)) is not None}
        out = [Out(key, stage, n) for stage in queues for key, n in self._lifecycle.out(stage).items()]
        findings = self._reconciler.look(out, queues, now)
        for job, worker in findings.dead:
            reason = f"worker_lost: {worker}"
            if isinstance(job.key, SampleKey):
                self._journal.record_failure(job.key, job.stage, job.attempt, reason)
            self._counts["workers_lost"] += 1
            log.info("%s lost: %s", job.stage, worker, extra=self._about(job))
            self._handle(AttemptFailed(job.key, job.stage, job.attempt, reason))
        for job in findings.vanished:
            self._counts["resends"] += 1
            log.info("%s is nowhere: sent again", job.stage, extra=self._about(job))
            self._handle(Vanished(job.key, job.stage))
        self._notice = self._missing_roles()

    def _about(self, job: Out) -> dict[str, object]:
        problem = {"problem": job.key.problem_id} if isinstance(job.key, SampleKey) else {}
        return {"about": {"run": self._run_id, **problem, "sample": str(job.key), "attempt": job.attempt}}

    def _pause(self, reason: str) -> Ended:
        """Take the state key away, so that workers drop what is queued, and wait for what they have."""
        try:
            self._handle(Pause(reason))
            self._board.withdraw()
            deadline = time.monotonic() + DRAIN_S
            while time.monotonic() < deadline and self._reconciler.adopted():
                self._read()
            self._read()
        except RedisError as exc:
            log.warning("Redis does not answer while pausing: %s", exc)
        self._flush_counts()
        self._report_progress()
        log.info("paused: %s", one_line(reason))
        self._journal.release("paused", reason, keep_order=reason == INTERRUPTED)
        return Ended("paused", reason, tuple(self._conflicts))

    def _read(self) -> Batch:
        batch = self._intake.read(block_ms=READ_BLOCK_MS)
        self._note(batch)
        self._outbox.arrived(batch.texts)
        self._cache.runner_answered(batch.runners)
        for problem_id, tokens in batch.lengths:
            self._order.learn(problem_id, tokens)
        for key, verdict in batch.verdicts:
            self._tally.judged(key, verdict)
        commands = [command for event in batch.events for command in self._lifecycle.handle(event)]
        self._carry_out(commands)
        return batch

    def _finish(self) -> Ended:
        self._flush_counts()
        self._report_progress()
        try:
            self._board.clear()
        except RedisError as exc:
            log.warning("the run's keys stay in Redis until their TTL ends: %s", exc)
        state = "complete" if self._lifecycle.counts()[Phase.UNJUDGED] == 0 else "incomplete"
        self._journal.release(state)
        log.info("ended: %s", state)
        return Ended(state, conflicts=tuple(self._conflicts))

    # --- commands -----------------------------------------------------------------------------------

    def _handle(self, event: Event) -> None:
        self._carry_out(self._lifecycle.handle(event))

    def _carry_out(self, commands: list[Command]) -> None:
        while commands:
            done = self._outbox.carry_out(commands)
            self._tally.close(done.given_up)
            for result in done.judged:
                self._tally.judged(result.key, result.verdict.value)
            events: list[Event] = [Judged(result.key) for result in done.judged]
            commands = [command for event in events + done.waiting for command in self._lifecycle.handle(event)]
        self._outbox.flush()

    # --- Redis --------------------------------------------------------------------------------------

    def _heed_cancel(self) -> None:
        if self._journal.cancelled():
            self._handle(Pause(CANCELLED))

    def _see_workers(self) -> None:
        self._present = self._board.present()
        self._cache.runners_are(self._present.runners)

    def _see_servers(self) -> None:
        self._servers.look()
        self._windows[Stage.GENERATE] = window(self._servers.room)

    def _new_order(self) -> LongestFirst:
        return LongestFirst({p.problem_id: (p.difficulty, len(p.prompt or "")) for p in self._problems.values()})

    def _announce(self) -> None:
        self._board.announce()
        self._journal.heartbeat()

    def _redis_trouble(self, exc: Exception, since: float | None, stop: threading.Event) -> float:
        self._check()  # the embedded broker may be what is gone
        self._heed_cancel()
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
        self._report_progress()
        stop.wait(1.0)
        return since

    def _missing_roles(self) -> str:
        counts = self._lifecycle.counts()
        stages = [stage for stage, phase in PHASES_OUT.items() if counts[phase]]
        lacks = [self._lacks(stage) for stage in stages if stage not in self._present.roles]
        return "; ".join((*lacks, *self._present.strangers))

    def _lacks(self, stage: Stage) -> str:
        """That no worker takes the jobs of a stage, and what to type."""
        if stage is Stage.SCORE:
            name = self._environment
            return (
                f"no score worker has the environment {name}: where Redis can be reached, "
                f"farm env create {name}, then farm worker score --env {name}"
            )
        runtime = self._spec.judge.runtime
        has = f" that has the runtime {runtime}" if stage is Stage.EXECUTE and runtime != DEFAULT_RUNTIME else ""
        return f"no {stage} worker{has} is connected (start one: farm worker {stage})"

    # --- telling ------------------------------------------------------------------------------------

    def _note(self, batch: Batch) -> None:
        self._counts.update(batch.counts)
        self._conflicts.update(dict.fromkeys(batch.conflicts))

    def _flush_counts(self) -> None:
        self._journal.count(self._counts.items())
        self._counts.clear()

    def _report_progress(self) -> Progress:
        progress = Progress(
            phases=self._lifecycle.counts(),
            verdicts=dict(self._tally.verdicts),
            completion_tokens=self._intake.traffic.tokens,
            in_flight=self._servers.in_flight,
            slots=self._servers.room,
            elapsed_s=time.monotonic() - self._started,
            notice="; ".join(filter(None, (self._notice, *self._servers.ailing()))),
            tokens_per_s=self._intake.traffic.tokens_per_s(),
            ttft_s=self._intake.traffic.ttft_s(),
            score=self._tally.score(),
            failures=dict(self._intake.traffic.failures),
            slowest=self._servers.slowest(),
        )
        self._on_progress(progress)
        return progress
