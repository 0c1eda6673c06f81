"""What a reader of one row takes, gives and raises."""

from __future__ import annotations

from typing import Literal, NamedTuple

from farm.records import Difficulty

Tests = Literal["all", "public"]

Fields = dict[str, object]
"""The JSON object of one row."""


class Header(NamedTuple):
    """What a selection needs to know of a problem."""

    problem_id: str
    platform: str
    difficulty: Difficulty = Difficulty.UNKNOWN
    contest_date: str = ""  # ISO 8601, empty if unknown


class RowError(Exception):
    """What is wrong with a row, without its place."""
