"""Carrying out the lifecycle's commands: what to give up, what needs no execution, what waits, what to send."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from farm.coordinator.events import Command, Condemn, GiveUp, Send, Waits
from farm.coordinator.execution_cache import ExecutionCache, WaitFor
from farm.coordinator.sending import Dispatcher, Load, OutgoingJob
from farm.errors import RunIncomplete
from farm.ids import sha256_hex
from farm.ledger import history
from farm.ledger.journal import Journal
from farm.ledger.ledger import Ledger, PlannedProblem
from farm.planning.repair import repair_prompts
from farm.planning.score_inputs import ScoreInputs, score_inputs
from farm.protocols import get, program_of
from farm.records import AllSamples, CaseResult, RunSpec, SampleKey, SampleResult, StoredCompletion, Suite, Verdict
from farm.records.phases import Stage
from farm.text import one_line

log = logging.getLogger(__name__)
FRESH_BYTES = 16 << 20  # of texts that are kept in memory, besides being in the ledger


@dataclass(slots=True)
class HandledCommands:
    """What became of commands, besides jobs that are ready to be sent."""

    given_up: list[SampleKey] = field(default_factory=list)
    judged: list[SampleResult] = field(default_factory=list)  # recorded; nothing is executed for them
    waiting: list[Waits] = field(default_factory=list)


class CommandHandler:
    """Turns commands into ledger rows and jobs."""

    def __init__(
        self,
        ledger: Ledger,
        journal: Journal,
        spec: RunSpec,
        problems: Mapping[str, PlannedProblem],
        dispatcher: Dispatcher,
        cache: ExecutionCache,
        load: Load,
    ) -> None:
        """`load` gives the stored value of a digest."""
        self._ledger, self._journal, self._spec = ledger, journal, spec
        self._problems, self._dispatcher, self._cache = problems, dispatcher, cache
        self._load = load
        self._protocol = get(spec.protocol)
        self._repairs = repair_prompts(spec, load)
        self._unsent: list[OutgoingJob] = []
        self._digests: dict[SampleKey, str] = {}  # of the programs that are out
        self._alone: set[SampleKey] = set()  # a worker was lost while it had these in a batch
        self._fresh: dict[SampleKey, StoredCompletion] = {}  # recorded lately, to be sent soon
        self._fresh_bytes = 0
        self._score_inputs: ScoreInputs | None = None  # made once: completions do not change

    def arrived(self, completions: Iterable[StoredCompletion]) -> None:
        """These were just recorded, and are next to be sent: they need not be read from the ledger again."""
        for stored in completions:
            self._fresh[stored.key] = stored
            self._fresh_bytes += _size(stored)
        while self._fresh_bytes > FRESH_BYTES:
            self._fresh_bytes -= _size(self._fresh.pop(next(iter(self._fresh))))

    def carry_out(self, commands: Iterable[Command]) -> HandledCommands:
        """Record what the commands decide and make ready what they send.

        Nothing is sent before `flush`, so a Redis that fails loses no decision; what was not sent is
        found missing later and sent again.
        """
        done = HandledCommands()
        for command in commands:
            match command:
                case GiveUp(key, stage, reason):
                    self._journal.record_unjudged([key], stage.value, reason)
                    done.given_up.append(key)
                case Condemn(key, reason):
                    done.judged.append(self._sandbox_broken(key, reason))
                case Send(SampleKey() as key, Stage.GENERATE, attempt):
                    self._unsent.append(self._dispatcher.generate(key, attempt, self._asked(key)))
                case Send(SampleKey() as key, Stage.EXECUTE, attempt):
                    self._execute(key, attempt, done)
                case Send(AllSamples(), Stage.SCORE, attempt):
                    self._unsent.append(self._dispatcher.score(attempt, self._inputs_to_score()))
        if done.judged:
            self._journal.record_results(done.judged)
        return done

    def _execute(self, key: SampleKey, attempt: int, done: HandledCommands) -> None:
        program = self._program(key)
        if program is None:
            done.judged.append(self._no_code(key))
            return
        digest, suite = sha256_hex(program), self._problems[key.problem_id].suite_digest
        match self._cache.decide(key, digest, suite):
            case SampleResult() as result:
                done.judged.append(result)
            case WaitFor(other):
                done.waiting.append(Waits(key, other))
            case None:
                self._digests[key] = digest
                # What failed once may have broken its worker: it shall not take others with it again
                alone = attempt > 1 or key in self._alone
                self._unsent.append(self._dispatcher.execute(key, attempt, program, suite, alone=alone))

    def adopt(self, key: SampleKey) -> None:
        """A living worker has this sample's program from an earlier coordinator: others may wait for it."""
        program = self._program(key)
        if program is not None:
            self._cache.adopt(key, sha256_hex(program), self._problems[key.problem_id].suite_digest)

    def send_alone(self, keys: Iterable[SampleKey]) -> None:
        """From now on these share a message with no other."""
        self._alone.update(keys)

    def flush(self, waiting: int) -> None:
        """Send what is ready. Raises RedisError; nothing is tried twice here. `waiting`: programs without a verdict."""
        parcels, self._unsent = self._unsent, []
        self._dispatcher.send(parcels, waiting=waiting)

    def program_digest(self, key: SampleKey) -> str | None:
        """What a verdict must name: the program as sent, or, if an earlier coordinator sent it, as recorded."""
        digest = self._digests.pop(key, None)
        if digest is not None:
            return digest
        try:
            program = self._program(key)
        except KeyError:
            return None  # no completion is recorded: no verdict can be right
        return None if program is None else sha256_hex(program)

    def score_inputs(self) -> ScoreInputs | None:
        """What lm-eval is to score; None while completions are missing."""
        try:
            return self._inputs_to_score()
        except RunIncomplete:
            return None

    def _inputs_to_score(self) -> ScoreInputs:
        if self._score_inputs is None:
            self._score_inputs = score_inputs(self._ledger, self._journal.run_id, self._spec, self._load)
        return self._score_inputs

    def _program(self, key: SampleKey) -> bytes | None:
        """The extracted program, or None if the answer holds no code."""
        stored = self._fresh.pop(key, None)
        if stored is not None:
            self._fresh_bytes -= _size(stored)
        else:
            stored = history.completion(self._ledger, self._journal.run_id, key)
        return program_of(self._protocol, stored.completion, stored.text, self._prompt(key), stored.program)

    def _asked(self, key: SampleKey) -> bytes:
        """The prompt of a sample: its problem's, or its own where a failed program is asked for again."""
        prompt = self._problems[key.problem_id].prompt
        assert prompt is not None, f"{key}: a run without prompts generates nothing"
        return self._repairs.get(key) or prompt.encode()

    def _prompt(self, key: SampleKey) -> str:
        """The problem's own code that an answer continues; empty where the protocol needs none."""
        if not self._protocol.continues:
            return ""
        return Suite.model_validate_json(self._load(self._problems[key.problem_id].suite_digest)).own_code

    def _no_code(self, key: SampleKey) -> SampleResult:
        # The original grader runs the empty program, which fails before the first test
        case = CaseResult(index=0, verdict=Verdict.NO_CODE)
        return self._decided_here(key, case, "the answer holds no code", sandbox="not executed")

    def _sandbox_broken(self, key: SampleKey, reason: str) -> SampleResult:
        program = self._program(key)
        assert program is not None, f"{key}: no program was executed"
        log.warning("%s is judged %s: %s", key, Verdict.SANDBOX_BROKEN, one_line(reason))
        # The original grader loses the results of all tests when its process ends
        case = CaseResult(index=0, verdict=Verdict.SANDBOX_BROKEN, all_lost="process_end")
        return self._decided_here(key, case, one_line(reason), sandbox="lost", program_sha256=sha256_hex(program))

    def _decided_here(
        self, key: SampleKey, case: CaseResult, detail: str, *, sandbox: str, program_sha256: str | None = None
    ) -> SampleResult:
        """A verdict that no worker gave. `case`: the first test, in mode `lcb`; the other modes judged none."""
        row = self._problems[key.problem_id]
        fails = (case,) if self._spec.judge.mode == "lcb" else ()
        return SampleResult(
            problem_id=key.problem_id,
            index=key.index,
            verdict=case.verdict,
            first_failure=0 if fails else None,
            program_sha256=program_sha256,
            cases=fails,
            suite_sha256=row.suite_digest,
            judge=self._spec.judge,
            limits=self._spec.limits,
            detail=detail,
            tests_total=row.tests,
            sandbox=sandbox,
            finished_at=time.time(),
        )


def _size(stored: StoredCompletion) -> int:
    return len(stored.text) + len(stored.reasoning or b"")
