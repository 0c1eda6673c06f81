"""Carrying out the lifecycle's commands: what to give up, what holds no code, what to send."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from farm.coordinator import history
from farm.coordinator.dispatch import Dispatcher, Parcel
from farm.coordinator.journal import Journal
from farm.coordinator.ledger import Ledger, PlannedProblem
from farm.coordinator.lifecycle import Command, GiveUp, Send, Stage
from farm.ids import sha256_hex
from farm.protocols import extract_program, get
from farm.records import RunSpec, SampleKey, SampleResult, Verdict
from farm.text import decode, encode


class Outbox:
    """Turns commands into ledger rows and jobs."""

    def __init__(
        self,
        ledger: Ledger,
        journal: Journal,
        spec: RunSpec,
        problems: Mapping[str, PlannedProblem],
        dispatcher: Dispatcher,
    ) -> None:
        self._ledger, self._journal, self._spec = ledger, journal, spec
        self._problems, self._dispatcher = problems, dispatcher
        self._protocol = get(spec.protocol)
        self._unsent: list[Parcel] = []
        self._digests: dict[SampleKey, str] = {}  # of the programs that are out

    def carry_out(self, commands: Iterable[Command]) -> tuple[list[SampleKey], list[SampleKey]]:
        """Record what the commands decide and make ready what they send; answers (given up, judged NO_CODE).

        Nothing is sent before `flush`, so a Redis that fails loses no decision; what was not sent is
        found missing later and sent again.
        """
        given_up: list[SampleKey] = []
        without_code: list[SampleKey] = []
        for command in commands:
            match command:
                case GiveUp(key, stage, reason):
                    self._journal.record_unjudged(key, stage.value, reason)
                    given_up.append(key)
                case Send(key, Stage.GENERATE, attempt):
                    prompt = self._problems[key.problem_id].prompt
                    assert prompt is not None, f"{key}: a run without prompts generates nothing"
                    self._unsent.append(self._dispatcher.generate(key, attempt, prompt.encode()))
                case Send(key, Stage.EXECUTE, attempt):
                    program = self._program(key)
                    if program is None:
                        without_code.append(key)
                    else:
                        self._digests[key] = sha256_hex(program)
                        suite = self._problems[key.problem_id].suite_digest
                        self._unsent.append(self._dispatcher.execute(key, attempt, program, suite))
        if without_code:
            self._journal.record_results([self._no_code(key) for key in without_code])
        return given_up, without_code

    def flush(self) -> None:
        """Send what is ready. Raises RedisError or kombu's OperationalError; nothing is tried twice here."""
        parcels, self._unsent = self._unsent, []
        self._dispatcher.send(parcels)

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

    def _program(self, key: SampleKey) -> bytes | None:
        """The extracted program, or None if the answer holds no code."""
        stored = history.completion(self._ledger, self._journal.run_id, key)
        if stored.completion.form == "program":
            return stored.text if stored.text.strip() else None
        source = extract_program(self._protocol, decode(stored.text))
        return encode(source) if source.strip() else None

    def _no_code(self, key: SampleKey) -> SampleResult:
        row = self._problems[key.problem_id]
        return SampleResult(
            problem_id=key.problem_id,
            index=key.index,
            verdict=Verdict.NO_CODE,
            suite_sha256=row.suite_digest,
            judge=self._spec.judge,
            limits=self._spec.limits,
            detail="the answer holds no code",
            tests_total=row.tests,
            sandbox="not executed",
            finished_at=time.time(),
        )
