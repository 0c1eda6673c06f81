"""The table of fields behind options, comparisons, requests and reports."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from farm.records import JudgeSpec, Limits, Record, Sampling
from farm.records.fields import Effect, Option, given_flags, in_words, labelled, options_of, sent, shown, with_changes


class Asked(Record):
    """One field of each kind that a sampling may have."""

    count: Annotated[int | None, Field(ge=1), Option("--count", label="count", sent_as="count", effect=Effect.SCORE)]
    words: Annotated[tuple[str, ...], Option("--word", label="words", sent_as="words", effect=Effect.SCORE)] = ()
    extra: Annotated[dict[str, Any] | None, Option("--extra", label="extra", sent_as="extra")] = None
    draw: Annotated[int, Option("--draw", label="draw", effect=Effect.DRAW)] = 1
    note: str = ""


def test_only_described_fields_are_options() -> None:
    assert list(options_of(Asked)) == ["count", "words", "extra", "draw"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "not sent"), (0.0, "0"), (0.25, "0.25"), (7, "7"), (("a", "b"), "['a', 'b']"), ({"b": 1}, '{"b": 1}')],
)
def test_values_in_words(value: object, text: str) -> None:
    assert shown(value) == text


def test_what_is_unset_is_not_sent() -> None:
    assert sent(Asked(count=None)) == {}
    assert sent(Asked(count=3, words=("a",), extra={"x": 1})) == {"count": 3, "words": ["a"], "extra": {"x": 1}}


def test_labels_are_there_whether_set_or_not_so_that_two_records_line_up() -> None:
    assert labelled(Asked(count=None), (Effect.SCORE,)) == [("count", "not sent"), ("words", "[]")]
    assert labelled(Asked(count=None), (Effect.DRAW,)) == [("draw", "1")]


def test_a_line_of_words_leaves_out_what_is_not_set() -> None:
    assert in_words(Asked(count=None)) == "words [], draw 1"
    assert in_words(Sampling()) == "n 1, temperature not sent, top_p not sent, max_tokens 2048, stop [], seed 42"


def test_changes_are_the_fields_that_were_given_even_where_they_equal_the_default() -> None:
    base = Sampling(n=10, temperature=0.2, stop=("###",))
    assert with_changes(base, Sampling()) == base
    assert with_changes(base, Sampling(n=1, temperature=None)) == Sampling(n=1, stop=("###",))
    assert given_flags(Sampling(n=1, top_p=0.5), apart_from=("n",)) == ["--top-p"]
    assert given_flags(JudgeSpec(mode="lcb", variant="tt", stop="all")) == ["--judge", "--all-tests"]


def test_changes_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(ValidationError, match="wall_s must not be below cpu_s"):
        with_changes(Limits(cpu_s=1.0, wall_s=2.0), Limits(cpu_s=6.0))
