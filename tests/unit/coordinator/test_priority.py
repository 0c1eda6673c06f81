"""The order of sending: longest expected first, and better once answers are seen."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from farm.coordinator.priority import LongestFirst
from farm.ids import sha256_hex
from farm.ledger import history
from farm.records import SampleKey, Sampling, Usage
from tests.unit.plans import entry, open_ledger, plan, spec

PRIOR = {"e": ("easy", 100), "m": ("medium", 100), "h": ("hard", 100), "h2": ("hard", 900)}


def queue(n: int = 2, order: str = "e m h h2") -> LongestFirst:
    made = LongestFirst(PRIOR)
    for problem_id in order.split():
        for index in range(n):
            made.append(SampleKey(problem_id, index))
    return made


def drain(made: LongestFirst, count: int = 99) -> str:
    return " ".join(str(made.popleft()) for _ in range(min(count, len(made))))


def test_hard_ones_and_long_statements_go_out_first_and_what_was_never_asked_before_what_was() -> None:
    assert drain(queue()) == "h2#0 h#0 h2#1 h#1 m#0 m#1 e#0 e#1"


def test_what_was_seen_decides_over_what_was_guessed() -> None:
    made = queue()
    for problem_id, tokens in ("e", 9000), ("m", 50), ("h", 700), ("h2", 800):
        made.learn(problem_id, tokens)
    assert drain(made) == "e#0 e#1 h2#0 h2#1 h#0 h#1 m#0 m#1"


def test_a_difficulty_is_judged_by_those_of_its_kind() -> None:
    made = LongestFirst(PRIOR | {"e2": ("easy", 100)})
    made.learn("e", 5000)
    assert made.expected("e2") > made.expected("h2")


def test_a_sample_that_comes_back_is_sent_again() -> None:
    made = queue(n=1, order="e h")
    key = made.popleft()
    made.append(key)
    assert drain(made) == "h#0 e#0"
    with pytest.raises(IndexError):
        made.popleft()


def test_every_sample_comes_out_once_whatever_is_learnt_meanwhile() -> None:
    chance = random.Random(3)
    made = queue(n=50)
    seen = []
    while len(made):
        seen.append(made.popleft())
        if chance.random() < 0.5:
            made.learn(chance.choice(list(PRIOR)), chance.randrange(5000))
        if chance.random() < 0.1:
            made.append(seen.pop())
    assert sorted(seen) == sorted(SampleKey(problem_id, index) for problem_id in PRIOR for index in range(50))


def test_earlier_runs_of_the_same_model_and_protocol_tell_how_long_answers_are(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        for run_id, changes in (
            ("same", {}),
            ("other-protocol", {"protocol_digest": sha256_hex(b"other")}),
            ("other-limit", {"sampling": Sampling(max_tokens=9)}),
            ("now", {}),
        ):
            [key, *_] = plan(ledger, run_id, spec("evaluate", **changes))
            stored = entry(key)
            counted = stored.completion.model_copy(update={"usage": Usage(completion_tokens=len(run_id))})
            ledger.acquire(run_id).record_completions([replace(stored, completion=counted)])
        assert history.expected_tokens(ledger, "now") == [("p1", len("same")), ("p1", len("now"))]
