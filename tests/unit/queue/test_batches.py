"""How many programs share a message."""

from __future__ import annotations

import random

from farm.ids import sha256_hex
from farm.queue.batches import BATCH_S, Batches
from farm.queue.messages import MAX_BATCH, ExecuteJob
from farm.records import SampleKey

DIGEST = sha256_hex(b"x")


def jobs(number: int, problem: str = "p") -> list[ExecuteJob]:
    return [
        ExecuteJob(
            run_id="run",
            problem_id=problem,
            index=index,
            attempt=1,
            fence=1,
            config=DIGEST,
            program=DIGEST,
            suite=DIGEST,
        )
        for index in range(number)
    ]


def known(slots: int, **seconds: float) -> Batches:
    batches = Batches()
    batches.slots = slots
    for problem, takes_s in seconds.items():
        batches.learn(problem, takes_s)
    return batches


def sizes(batches: Batches, given: list[ExecuteJob], waiting: int) -> list[int]:
    cut = list(batches.cut(given, set(), waiting))
    assert [job for batch in cut for job in batch] == given, "each once, in order"
    return [len(batch) for batch in cut]


def test_quick_programs_share_a_message_and_slow_ones_do_not() -> None:
    batches = known(2, quick=0.005, slow=3.0)
    assert sizes(batches, jobs(64, "quick"), 10_000) == [MAX_BATCH, MAX_BATCH]
    assert sizes(batches, jobs(3, "slow"), 10_000) == [1, 1, 1]
    assert sizes(known(2, p=BATCH_S / 4), jobs(8), 10_000) == [4, 4]


def test_a_problem_without_a_verdict_is_expected_to_take_what_others_took() -> None:
    assert sizes(known(2, other=0.05), jobs(8, "new"), 10_000) == [4, 4]
    assert sizes(known(2), jobs(8), 10_000) == [4, 4], "nothing is known"


def test_the_last_programs_are_shared_among_all_slots() -> None:
    assert sizes(known(8, p=0.001), jobs(16), 16) == [1] * 16
    assert sizes(known(8, p=0.001), jobs(32), 32) == [2] * 16
    assert max(sizes(known(0, p=0.001), jobs(10), 10)) == 1, "workers may still come"


def test_what_shall_be_alone_is() -> None:
    given = jobs(9)
    cut = list(known(1, p=0.001).cut(given, {SampleKey("p", 3), SampleKey("p", 4), SampleKey("p", 8)}, 10_000))
    assert [[job.key.index for job in batch] for batch in cut] == [[0, 1, 2], [3], [4], [5, 6, 7], [8]]


def test_however_it_is_cut_nothing_is_lost_or_repeated() -> None:
    rng = random.Random(7)
    for _ in range(200):
        batches = known(rng.randint(0, 9), p=rng.random() ** 4)
        given = jobs(rng.randint(0, 80))
        assert max(sizes(batches, given, rng.randint(0, 500)), default=0) <= MAX_BATCH
