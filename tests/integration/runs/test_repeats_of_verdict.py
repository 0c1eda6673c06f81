"""`--repeats-of-verdict` with real processes: a program whose verdict is a matter of luck is marked, others are not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.records import Verdict
from tests.support.embedded_home import Home, empty_home, write_rows

pytestmark = pytest.mark.timeout(240)

# It fails the first test with a chance of exactly one half. That 40 judgings agree there has a chance of 2 ** -39,
# which is 1.8e-12; that they agree altogether has no larger one.
COIN = "import os\nprint(int(input()) ** 2 + os.urandom(1)[0] % 2)"
SQUARE = "print(int(input()) ** 2)"
WRONG = "print(-1)"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path) as home:
        yield home


def test_only_a_program_whose_verdict_is_luck_is_marked(home: Home, tmp_path: Path) -> None:
    programs = (SQUARE, COIN, WRONG)
    completions = write_rows(tmp_path / "c.jsonl", [{"question_id": "farm_square", "code": code} for code in programs])
    home.grade("once", completions).ok()
    assert all(result.deterministic for result in home.results("once"))
    assert home.report("once")["telemetry"]["not_deterministic"] is None

    done = home.grade("many", completions, "--repeats-of-verdict", "40").ok()
    right, coin, wrong = home.results("many")
    assert (right.verdict, wrong.verdict) == (Verdict.PASSED, Verdict.WRONG_ANSWER)
    assert right.deterministic and wrong.deterministic
    assert not any(result.cached_from for result in (right, coin, wrong)), "one judging does not stand for forty"
    assert len(coin.verdicts_seen) > 1 and sum(count.times for count in coin.verdicts_seen) == 40
    assert coin.verdicts_seen[0].verdict is coin.verdict

    told = home.report("many")["telemetry"]["not_deterministic"]
    assert (told["samples"], told["first"]) == (1, ["farm_square#1"])
    caution = "1 of 3 samples are not deterministic"
    for shown in (done.stdout, *((home.out("many") / name).read_text() for name in ("report.md", "report.html"))):
        assert caution in shown
    rows = [json.loads(line) for line in (home.out("many") / "samples.jsonl").read_text().splitlines()]
    assert ["verdicts_seen" in row for row in rows] == [False, True, False]
    assert rows[1]["verdicts_seen"] == [count.model_dump(mode="json") for count in coin.verdicts_seen]
    inspected = home.farm("inspect", "many", "farm_square#1").ok()
    assert f"not deterministic: {coin.verdicts_in_words}" in inspected.stdout

    home.regrade("many", "again").ok()
    again = home.results("again")
    assert [bool(result.cached_from) for result in again] == [True, False, True], "luck is not reused"
    assert not again[1].deterministic
