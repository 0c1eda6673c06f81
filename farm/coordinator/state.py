"""What a driver knows of its run in memory: made whole from the ledger, and made again if Redis fails meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from farm.coordinator.commands import CommandHandler
from farm.coordinator.events import Command, Event, Judged
from farm.coordinator.execution_cache import ExecutionCache
from farm.coordinator.lifecycle import Lifecycle
from farm.coordinator.open_work import OpenWork
from farm.coordinator.priority import LongestFirst
from farm.coordinator.receiving import AnswerReceiver, Batch
from farm.coordinator.sending import Dispatcher
from farm.ledger import history
from farm.ledger.counts import verdicts_by_problem
from farm.ledger.journal import Journal
from farm.ledger.ledger import Ledger
from farm.queue.answer_stream import AnswerStream
from farm.records import ALL_SAMPLES, RunSpec, SampleKey, WorkKey
from farm.records.phases import Phase, Stage

Adopted = dict[tuple[WorkKey, Stage], int]  # attempts that living workers have from an earlier coordinator


class Sources(NamedTuple):
    """Where a run's state comes from, and where its commands go."""

    ledger: Ledger
    journal: Journal
    spec: RunSpec
    load: Callable[[str], bytes]  # the stored value of a digest
    dispatcher: Dispatcher
    answers: AnswerStream


class RunState:
    """The lifecycle of one run, and what carries out its commands."""

    def __init__(self, sources: Sources, windows: dict[Stage, int]) -> None:
        """`windows` may be changed while the run goes on: see `Lifecycle`."""
        ledger, journal, spec, load, dispatcher, answers = sources
        self._ledger, self._run_id, self._spec = ledger, journal.run_id, spec
        problems = {row.problem_id: row for row in history.problems(ledger, self._run_id)}
        self.priority = LongestFirst({p.problem_id: (p.difficulty, len(p.prompt or "")) for p in problems.values()})
        self.lifecycle = Lifecycle(windows=windows, generate=self.priority, after_completion=spec.after_completion)
        self.open_work = OpenWork(problems)
        self.cache = ExecutionCache(ledger, self._run_id, spec, self._is_executing)
        self._batches = dispatcher.batches
        self._commands = CommandHandler(ledger, journal, spec, problems, dispatcher, self.cache, load)
        self.receiver = AnswerReceiver(
            journal,
            answers,
            spec,
            problems,
            history.planned_samples(ledger, self._run_id),
            self._commands.program_digest,
            self._commands.score_inputs,
        )

    def start(self, adopted: Adopted) -> None:
        """Begin where the ledger says that the run is, and send what is to be sent. Raises RedisError."""
        if self._spec.generates:
            for problem_id, tokens in history.expected_tokens(self._ledger, self._run_id):
                self.priority.learn(problem_id, tokens)
        for (problem_id, verdict), number in verdicts_by_problem(self._ledger, self._run_id).items():
            self.open_work.known(problem_id, verdict, number)
        scored = history.is_scored(self._ledger, self._run_id)
        known = []
        for state in history.sample_states(self._ledger, self._run_id, judged=False):
            failures = {Stage(stage): number for stage, number in state.failures.items()}
            phase = Phase.JUDGED if scored else self._phase(state, failures, adopted)
            if phase is not Phase.UNJUDGED:
                self.open_work.open(state.key)
            known.append((state.key, phase, failures))
            if state.completed:
                self.receiver.first_requests.answered()
        judged, scoring = self.open_work.verdicts.total(), adopted.get((ALL_SAMPLES, Stage.SCORE), 0)
        if judged:
            self.receiver.first_requests.answered()
        broken = history.broken_sandboxes(self._ledger, self._run_id)
        judging = history.judging_workers(self._ledger, self._run_id) if broken else ()
        self.carry_out(self.lifecycle.start(known, judged=judged, scoring=scoring, broken=broken, judging=judging))

    def receive(self, *, block_ms: int) -> Batch:
        """Record what workers answered and do what follows from it."""
        batch = self.receiver.read(block_ms=block_ms)
        self._commands.arrived(batch.texts)
        self.cache.add_runtimes(batch.runtimes)
        for problem_id, tokens in batch.lengths:
            self.priority.learn(problem_id, tokens)
        for problem_id, wall_s in batch.durations:
            self._batches.learn(problem_id, wall_s)
        self._commands.send_alone(batch.alone)
        for key, verdict in batch.verdicts:
            self.open_work.judged(key, verdict)
        self.carry_out([command for event in batch.events for command in self.lifecycle.handle(event)])
        return batch

    def handle(self, event: Event) -> None:
        """One event, and what follows from it."""
        self.carry_out(self.lifecycle.handle(event))

    def carry_out(self, commands: list[Command]) -> None:
        """Carry commands out, and those that they lead to, then send what they made ready. Raises RedisError."""
        while commands:
            done = self._commands.carry_out(commands)
            self.open_work.close(done.given_up)
            for result in done.judged:
                self.open_work.judged(result.key, result.verdict.value)
            events: list[Event] = [Judged(result.key) for result in done.judged]
            commands = [command for event in events + done.waiting for command in self.lifecycle.handle(event)]
        counts = self.lifecycle.counts()
        self._commands.flush(counts[Phase.COMPLETED] + counts[Phase.EXECUTING])

    def _is_executing(self, key: SampleKey) -> bool:
        return self.lifecycle.is_outstanding(key, Stage.EXECUTE)

    def _phase(self, state: history.SampleState, failures: dict[Stage, int], adopted: Adopted) -> Phase:
        given_up = state.unjudged
        if given_up is not None and not (state.completed and given_up.stage is Stage.GENERATE):
            return Phase.UNJUDGED
        stage = Stage.EXECUTE if state.completed else Stage.GENERATE
        if adopted.get((state.key, stage)) != failures.get(stage, 0) + 1:
            return Phase.COMPLETED if state.completed else Phase.PLANNED
        if not state.completed:
            return Phase.GENERATING
        self._commands.adopt(state.key)
        return Phase.EXECUTING
