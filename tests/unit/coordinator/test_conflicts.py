"""Answers that come twice: equal ones are counted, differing ones are conflicts, a differing completion an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.app.conclude import conclude
from farm.app.requests import RunOptions
from farm.cli.outcome import tell
from farm.config import load
from farm.coordinator.progress import Ended
from farm.coordinator.receiving import AnswerReceiver
from farm.errors import ConflictingResult
from farm.ids import sample_seed, sha256_hex
from farm.ledger import history
from farm.queue.answer_stream import AnswerStream
from farm.queue.redis_keys import Keys
from farm.queue.signing import Signer
from farm.records import Completion, GenerateTelemetry, SampleKey, StoredCompletion, Verdict
from farm.text import encode
from tests.support.redis_server import running_redis
from tests.unit.plans import PROGRAM, open_ledger, plan, result, spec

pytestmark = pytest.mark.redis


def test_what_comes_twice_is_counted_and_what_differs_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with open_ledger(tmp_path) as ledger, running_redis(tmp_path / "redis") as server:
        keys = plan(ledger, "run-1", spec("evaluate", n=2))
        journal = ledger.acquire("run-1")
        answers = AnswerStream(server.client(), Keys("farm:"), Signer(b""))
        problems = {row.problem_id: row for row in history.problems(ledger, "run-1")}
        receiver = AnswerReceiver(
            journal, answers, ledger.run("run-1").spec, problems, set(keys), lambda key: PROGRAM, lambda: None
        )

        def complete(key: SampleKey, text: str, worker: str) -> None:
            data, seed = encode(text), sample_seed(42, key.problem_id, key.index)
            record = Completion(problem_id=key.problem_id, index=key.index, text_sha256=sha256_hex(data), seed=seed)
            answers.completion("run-1", 1, StoredCompletion(record, GenerateTelemetry(worker=worker), data))

        for text, worker in (("first", "one"), ("first", "two"), ("another", "zombie")):
            complete(keys[0], text, worker)
        answers.results("run-1", 1, [result(keys[1])])
        answers.results("run-1", 1, [result(keys[1], worker="two")])
        answers.results("run-1", 1, [result(keys[1], Verdict.WRONG_ANSWER)])
        batch = receiver.read(block_ms=10)
        assert batch.conflicts == [keys[0]]
        counted = {name: n for name, n in batch.counts.items() if name.startswith(("duplicate", "conflict"))}
        assert counted == dict.fromkeys(
            ("duplicate_completions", "conflict_completions", "duplicate_verdicts", "conflict_verdicts"), 1
        )
        [said] = [row.getMessage() for row in caplog.records if row.levelname == "ERROR"]
        assert "p1#0" in said and "zombie" in said
        assert history.completion(ledger, "run-1", keys[0]).text == b"first"


def test_the_drive_ends_in_an_error_after_its_report(tmp_path: Path) -> None:
    settings = load({"FARM_HOME": str(tmp_path), "HOME": "/nonexistent"})
    with open_ledger(tmp_path) as ledger:
        keys = plan(ledger, "run-1", spec(), completed=2)
        ledger.acquire("run-1").record_results([result(key) for key in keys])
        twice = conclude(settings, ledger, "run-1", RunOptions(), Ended("complete", conflicts=(keys[1],)))
        with pytest.raises(ConflictingResult, match="p1#1 first") as caught:
            tell(twice)
        assert caught.value.exit_code == 4
        assert (tmp_path / "reports" / "run-1" / "report.json").exists()
        assert tell(conclude(settings, ledger, "run-1", RunOptions(), Ended("complete"))) == 0
