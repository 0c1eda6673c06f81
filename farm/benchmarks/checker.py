"""Checkers: which answers are right where a problem's statement accepts several. Here is what all checkers share.

A checker is a pure function of the test's input, the expected output and the program's output. It returns if the answer
is right and raises `Wrong` if not. Anything else that it raises is a fault of the checker or of the tests, never the
program's: the sample stays unjudged. Checkers are called only for answers that differ from the expected one, in a
process of the execute worker (`farm/judging/checking.py`) with bounds of time and memory.

A benchmark brings its checkers by name and version, and `AnswerRule.checker` names one: `livecodebench/abc311_c@1`.
A change that can change a verdict gives a checker a new version, so that no recorded verdict is reused. The answer is
hostile: `Answer` reads it token by token, with bounds. Input and expected output are the dataset's.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Checker = Callable[[str, str, str], None]  # input, expected output, the program's output

_TOKEN = re.compile(r"[^ \t\n\r\v\f]+")
_INTEGER = re.compile(r"-?[0-9]{1,30}")  # no bound of a problem has more digits; longer ones are never converted
_SHOWN = 30


class Wrong(Exception):
    """Raised by a checker with the reason why the answer is wrong."""


class Answer:
    """The tokens of an answer, in order. Each method raises `Wrong` if the answer is not of that form."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.finditer(text)

    def word(self, what: str) -> str:
        """The next token."""
        found = next(self._tokens, None)
        if found is None:
            raise Wrong(f"{what} is missing")
        return found[0]

    def integer(self, low: int, high: int, what: str) -> int:
        """The next token, which is an integer from `low` to `high`."""
        word = self.word(what)
        value = int(word) if _INTEGER.fullmatch(word) else None
        if value is None or not low <= value <= high:
            raise Wrong(f"{what} is {word[:_SHOWN]!a}, not an integer from {low} to {high}")
        return value

    def integers(self, count: int, low: int, high: int, what: str) -> list[int]:
        """The next `count` tokens, integers from `low` to `high`."""
        return [self.integer(low, high, what) for _ in range(count)]

    def end(self) -> None:
        """Nothing more may come."""
        found = next(self._tokens, None)
        if found is not None:
            raise Wrong(f"more output than an answer has: {found[0][:_SHOWN]!a}")


def says_there_is_none(answer: str, expected: str, word: str) -> bool:
    """Whether the answer says `word`, "there is none", and rightly so: the expected output says it too.

    `Wrong` if it says so although there is one. False: a solution is to be checked. If it is right and the expected
    output says that there is none, `refuse_impossible` tells.
    """
    if answer.split(maxsplit=1)[:1] != [word]:
        return False
    reader = Answer(answer)
    reader.word("the answer")
    reader.end()
    if expected.split(maxsplit=1)[:1] != [word]:
        raise Wrong(f"{word}, but there is a solution")
    return True


def refuse_impossible(expected: str, word: str) -> None:
    """For a solution that was found right. ValueError if the expected output says that there is none."""
    if expected.split(maxsplit=1)[:1] == [word]:
        raise ValueError(f"the expected output is {word}, but the program's solution is right")
