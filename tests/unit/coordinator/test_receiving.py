"""What is believed of an answer: a pause of this coordinator's job, a score of this run's own answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.coordinator.events import Pause, Scored, Vanished
from farm.coordinator.receiving import AnswerReceiver
from farm.ids import sha256_hex
from farm.ledger import history
from farm.planning.score_inputs import ScoreInputs
from farm.queue.answer_stream import AnswerStream
from farm.queue.messages import Failure, ScoreJob
from farm.queue.redis_keys import Keys
from farm.queue.signing import Signer
from farm.records import HarnessRef
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
        receiver = AnswerReceiver(
            journal, answers, ledger.run("run-1").spec, problems, {key}, lambda key: PROGRAM, lambda: None
        )
        failure = Failure(
            problem_id=key.problem_id,
            index=key.index,
            stage=Stage.GENERATE,
            attempt=1,
            kind="AuthRejected",
            reason="401",
            pause=True,
        )
        answers.failure("run-1", 1, failure)
        batch = receiver.read(block_ms=0)
        assert batch.events == [Vanished(key, Stage.GENERATE)] and not batch.counts["failed_attempts"]
        answers.failure("run-1", 2, failure)
        assert receiver.read(block_ms=0).events == [Pause("AuthRejected: 401"), Vanished(key, Stage.GENERATE)]


@pytest.mark.redis
def test_a_score_is_recorded_once_and_only_if_it_is_of_the_runs_own_answers(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger, running_redis(tmp_path / "redis") as server:
        task = HarnessRef(task="capitals", plan=sha256_hex(b"plan"), environment="EVALS")
        plan(ledger, "run-1", spec("evaluate", judged=False, harness=task))
        inputs: list[ScoreInputs] = []
        answers = AnswerStream(server.client(), Keys("farm:"), Signer(b"secret"))
        receiver = AnswerReceiver(
            ledger.acquire("run-1"), answers, ledger.run("run-1").spec, {}, (), lambda key: None,
            lambda: inputs[0] if inputs else None,
        )  # fmt: skip
        job = ScoreJob(
            run_id="run-1", attempt=1, fence=1, environment="EVALS", config=sha256_hex(b"plan"),
            answers=sha256_hex(b"answers"),
        )  # fmt: skip

        def read(text: bytes) -> tuple[list[object], int]:
            answers.scored(job, text, "worker")
            batch = receiver.read(block_ms=0)
            return list(batch.events), batch.counts["quarantined"] + 10 * batch.counts["duplicate_scores"]

        assert read(b"early") == ([], 1), "completions are missing"
        inputs.append(ScoreInputs(b"plan", b"other answers"))
        assert read(b"other") == ([], 1)
        inputs[0] = ScoreInputs(b"plan", b"answers")
        assert history.score(ledger, "run-1") is None
        assert read(b"first") == ([Scored()], 0)
        assert read(b"second") == ([Scored()], 10)
        assert history.score(ledger, "run-1") == b"first"
        assert answers.read("run-1", b"0", block_ms=1, count=9) == []
