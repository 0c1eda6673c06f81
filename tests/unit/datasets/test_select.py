"""Which problems a run takes."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from farm.datasets.pulling.releases import window_in_words
from farm.datasets.reader import Place, ProblemHeader, read_headers, read_problems
from farm.datasets.select import ProblemsDigest, Selection, problems_digest, select, window_of
from farm.errors import ConfigError, DatasetError
from farm.records import Difficulty
from tests.support.data import shared
from tests.unit.benchmarks.rows import row


def header(name: str, platform: str = "atcoder", difficulty: str = "easy", day: str = "2024-01-10") -> ProblemHeader:
    moment = f"{day}T00:00:00" if day else ""
    return ProblemHeader(name, platform, Difficulty(difficulty), moment, Place("set.jsonl", 1))


HEADERS = [
    header("a", day="2024-01-31"),
    header("b", "leetcode", "medium", "2024-02-01"),
    header("c", "leetcode", "hard", "2024-02-29"),
    header("d", "codeforces", "hard", "2024-03-01"),
    header("e", "leetcode", "easy", ""),
]


def names(selection: Selection) -> str:
    return "".join(header.problem_id for header in select(HEADERS, selection))


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), "abcde"),
        (Selection(date_from=date(2024, 2, 1)), "bcd"),
        (Selection(date_to=date(2024, 2, 29)), "abc"),
        (Selection(date_from=date(2024, 2, 1), date_to=date(2024, 2, 29)), "bc"),
        (Selection(date_from=date(2024, 1, 31), date_to=date(2024, 1, 31)), "a"),
        (Selection(difficulties=frozenset({Difficulty.HARD, Difficulty.MEDIUM})), "bcd"),
        (Selection(platforms=frozenset({"leetcode"})), "bce"),
        (Selection(ids=frozenset({"d", "a"})), "ad"),
        (Selection(platforms=frozenset({"leetcode"}), difficulties=frozenset({Difficulty.HARD})), "c"),
        (Selection(without=frozenset({"b", "nobody"})), "acde"),
        (Selection(limit=5), "abcde"),
        (Selection(limit=99), "abcde"),
    ],
)
def test_filters_keep_the_order_and_dates_are_inclusive(selection: Selection, expected: str) -> None:
    assert names(selection) == expected


@pytest.mark.parametrize(
    ("selection", "reason"),
    [
        (Selection(date_from=date(2030, 1, 1)), "leave none of 5 problems; .* dates 2024-01-31 to 2024-03-01"),
        (Selection(ids=frozenset({"a", "zz"})), "no problem has the id zz"),
        (Selection(platforms=frozenset({"spoj"})), "no problem is of platform spoj; there are atcoder, codeforces, le"),
        (Selection(difficulties=frozenset({Difficulty.UNKNOWN})), "has difficulties easy, hard, medium"),
    ],
)
def test_a_selection_of_nothing_says_what_there_is(selection: Selection, reason: str) -> None:
    with pytest.raises(DatasetError, match=reason):
        names(selection)


def test_selections_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match="--limit 0"):
        Selection(limit=0)
    with pytest.raises(ConfigError, match="later than"):
        Selection(date_from=date(2024, 2, 1), date_to=date(2024, 1, 1))


def test_a_limit_takes_each_stratum_in_proportion_and_not_the_first_rows() -> None:
    headers = [header(f"a{n}", "atcoder", "easy") for n in range(60)]
    headers += [header(f"l{n}", "leetcode", "hard") for n in range(30)]
    headers += [header(f"c{n}", "codeforces", "medium") for n in range(10)]
    taken = select(headers, Selection(limit=20))
    assert Counter(one.platform for one in taken) == {"atcoder": 12, "leetcode": 6, "codeforces": 2}
    assert [one.problem_id for one in taken][:12] != [f"a{n}" for n in range(12)]
    assert taken == [one for one in headers if one in taken]


def test_the_seed_changes_what_is_drawn() -> None:
    headers = [header(f"p{n}") for n in range(100)]
    draws = {tuple(select(headers, Selection(limit=10, seed=seed))) for seed in range(5)}
    assert len(draws) == 5


def test_a_draw_is_the_same_in_every_version() -> None:
    headers = [header(f"p{n}", difficulty=("easy", "hard")[n % 2]) for n in range(12)]
    assert [one.problem_id for one in select(headers, Selection(limit=4, seed=7))] == ["p2", "p3", "p4", "p11"]


def test_the_digest_depends_on_content_and_order_alone(tmp_path: Path) -> None:
    one, two = row(question_id="a"), row(question_id="b")
    contents = {
        "same": [one, two],
        "spaced": [one.replace(b'": "', b'" : "'), b"", two],
        "turned": [two, one],
        "fewer": [one],
        "other test": [one, row(question_id="b", private_test_cases="[]")],
        "other text": [one, row(question_id="b", question_content="Else.")],
    }
    digests = {}
    for name, lines in contents.items():
        (tmp_path / name).write_bytes(b"\n".join(lines))
        digests[name] = problems_digest(read_problems(tmp_path / name))
    assert digests["same"] == digests["spaced"]
    assert len(set(digests.values())) == len(contents) - 1


def test_the_digest_counts_what_it_covers() -> None:
    digest = ProblemsDigest()
    before = digest.hexdigest()
    digest.add(next(read_problems(shared("lcb_full3_official_schema.jsonl"))))
    assert digest.problems == 1
    assert digest.hexdigest() != before


def test_twenty_of_the_sixty_sample_problems_keep_the_strata() -> None:
    headers = list(read_headers(shared("lcb_sample_problems.jsonl")))
    taken = Counter((one.difficulty, one.platform) for one in select(headers, Selection(limit=20)))
    everything = Counter((one.difficulty, one.platform) for one in headers)
    assert all(abs(taken[stratum] - count / 3) <= 1 for stratum, count in everything.items())


def test_a_selection_says_itself_in_words() -> None:
    assert Selection().in_words() == Selection(without=frozenset({"a"})).in_words() == ""
    wanted = Selection(
        date_from=date(2024, 1, 31),
        difficulties=frozenset({Difficulty.HARD, Difficulty.EASY}),
        platforms=frozenset({"leetcode"}),
        ids=frozenset("abc"),
        limit=2,
        seed=7,
    )
    assert wanted.in_words() == "3 by id; easy, hard; leetcode; from 2024-01-31; 2 stratified with seed 7"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-08..2025-05", date(2024, 8, 1), date(2025, 5, 31)),
        ("2024-02..2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2024-08-15..2024-12", date(2024, 8, 15), date(2024, 12, 31)),
        ("2025-01-04..2025-04-06", date(2025, 1, 4), date(2025, 4, 6)),
    ],
)
def test_a_window_is_given_by_months_or_days(text: str, first: date, last: date) -> None:
    assert window_of(text) == (first, last)


@pytest.mark.parametrize("text", ["", "..", "2024-08", "2024-08..", "2024-08...2025-05", "2024-13..2025-05", "a..b"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--window .*is no window of dates; write it like 2024-08\.\.2025-05"):
        window_of(text)


def test_the_leaderboards_window_has_its_name() -> None:
    assert window_in_words(*window_of("2024-08..2025-05")) == (
        "contest dates 2024-08-01 to 2025-05-31 (that of LiveCodeBench's leaderboard)"
    )
    assert window_in_words(date(2025, 1, 1), None) == "contest dates 2025-01-01 to the last"
    assert window_in_words(None, None) == ""


@pytest.mark.parametrize(
    ("selection", "taken"),
    [
        (Selection(first=2), [0, 1]),
        (Selection(first=0.4), [0, 1, 2, 3]),  # a share is rounded up
        (Selection(first=100), list(range(8))),
        (Selection(places=frozenset({1, 6})), [1, 6]),
        (Selection(first=1, difficulties=frozenset({Difficulty.HARD})), [2]),
    ],
)
def test_problems_may_be_taken_in_the_datasets_order(tmp_path: Path, selection: Selection, taken: list[int]) -> None:
    levels = ["easy", "easy", "hard", "easy", "easy", "easy", "hard", "easy"]
    headers = [
        ProblemHeader(f"p{number}", "leetcode", Difficulty(level), "2024-01-01", Place(str(tmp_path), number))
        for number, level in enumerate(levels)
    ]
    assert [header.problem_id for header in select(headers, selection)] == [f"p{number}" for number in taken]


def test_places_behind_the_last_problem_are_none(tmp_path: Path) -> None:
    headers = [ProblemHeader("p0", "leetcode", Difficulty.EASY, "2024-01-01", Place(str(tmp_path), 0))]
    for places in ({4}, {0, 4}):
        with pytest.raises(DatasetError, match="no problem stands at place 4 of"):
            select(headers, Selection(places=frozenset(places)))
    assert Selection(first=0.2).in_words() == "the first 20 %" and Selection(first=3).in_words() == "the first 3"
    with pytest.raises(ConfigError, match="--limit does not go together"):
        Selection(first=2, limit=3)
