"""Sees that a run cannot work: its first requests all fail, and all alike.

A server that refuses a field of the request, or a link that spoils every stream, fails each sample in the same way.
Then the run pauses with the server's words, instead of generating everything three times for nothing.
"""

from __future__ import annotations

import re

ALIKE = 10
# About one sample each, however many samples they befall: the longest prompts are sent first
_OF_ONE_SAMPLE = ("PromptTooLong", "AnswerWithheld")
_NUMBERS = re.compile(r"\d+")


class FirstRequests:
    """The failures of a run before its first answer."""

    def __init__(self) -> None:
        self._answered = False
        self._failures: list[str] = []

    def answered(self) -> None:
        """The run has a completion."""
        self._answered = True

    def failed(self, kind: str, reason: str) -> str | None:
        """A request failed; why the run pauses, if it is the tenth that failed like the first one."""
        if self._answered or kind in _OF_ONE_SAMPLE:
            return None
        said = f"{kind}: {reason}"
        self._failures.append(_NUMBERS.sub("#", said))
        if len(self._failures) < ALIKE or len(set(self._failures)) > 1:
            return None
        self._failures.clear()
        return f"the first {ALIKE} requests all failed alike, {said}"
