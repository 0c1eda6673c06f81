"""Where an answer is cut, and what a server is asked to cut."""

from __future__ import annotations

import pytest

from farm.inference.stop_strings import cut, requested


@pytest.mark.parametrize(
    ("text", "stops", "left"),
    [
        ("code###talk", ("###",), ("code", "###")),
        ("a\nif b\ndef c", ("\ndef", "\nif"), ("a", "\nif")),
        ("### first", ("###", "#"), ("", "###")),
        ("nothing", ("###",), ("nothing", None)),
        ("nothing", (), ("nothing", None)),
        ("x", ("",), ("x", None)),
    ],
)
def test_the_earliest_stop_string_cuts(text: str, stops: tuple[str, ...], left: tuple[str, str | None]) -> None:
    assert cut(text, stops) == left


def test_at_most_four_are_requested() -> None:
    assert requested(("a", "b", "c", "d", "e")) == ["a", "b", "c", "d"]
