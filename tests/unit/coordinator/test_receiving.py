"""Answers that pause a run pause only the coordinator whose job they answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.coordinator.lifecycle import Pause, Vanished
from farm.coordinator.receiving import Intake
from farm.ledger import history
from farm.queue.answer_stream import AnswerStream
from farm.queue.messages import Failure
from farm.queue.redis_keys import Keys
from farm.queue.signing import Signer
from farm.records.phases import Stage
from tests.support.redis_server import running_redis
from tests.unit.plans import PROGRAM, open_ledger, plan, spec


@pytest.mark.redis
def test_a_copy_of_what_paused_an_earlier_coordinator_pauses_nobody(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger, running_redis(tmp_path / "redis") as server:
        [key, *_] = plan(ledger, "run-1", spec("evaluate"))
        ledger.acquire("run-1").release("paused", "AuthRejected")
        journal = ledger.acquire("run-1")
        assert journal.fence == 2
        problems = {row.problem_id: row for row in history.problems(ledger, "run-1")}
        answers = AnswerStream(server.client(), Keys("farm:"), Signer(b"secret"))
        intake = Intake(journal, answers, ledger.run("run-1").spec, problems, {key}, lambda key: PROGRAM)
        failure = Failure(
            problem_id=key.problem_id, index=key.index, stage="generate", attempt=1, reason="AuthRejected", pause=True
        )
        answers.failure("run-1", 1, failure)
        batch = intake.read(block_ms=0)
        assert batch.events == [Vanished(key, Stage.GENERATE)] and not batch.counts["failed_attempts"]
        answers.failure("run-1", 2, failure)
        assert intake.read(block_ms=0).events == [Pause("AuthRejected"), Vanished(key, Stage.GENERATE)]
