"""What passes between a run and its model servers, for those who watch it: tokens, waits, failures."""

from __future__ import annotations

import re
import time
from collections import Counter, deque
from statistics import median

RECENT_S = 60.0
GROWTH_S = 15.0
RECENT_ANSWERS = 50
ALIKE = 10
# About one sample each, however many samples they befall: the longest prompts are sent first
_OF_ONE_SAMPLE = ("PromptTooLong", "AnswerWithheld")
_NUMBERS = re.compile(r"\d+")


class Traffic:
    """Counts of one drive."""

    def __init__(self) -> None:
        self.tokens = 0  # of the completions of this drive
        self.failures: Counter[str] = Counter()  # failed attempts, by the kind of the error
        self._began = time.monotonic()
        self._recent: deque[tuple[float, int]] = deque()
        self._grown: deque[tuple[float, int]] = deque()  # tokens of finished and unfinished answers, by time
        self._waits: deque[float] = deque(maxlen=RECENT_ANSWERS)

    def answer(self, tokens: int, ttft_s: float | None) -> None:
        """A new completion, and after how long its first token came."""
        self.tokens += tokens
        self._recent.append((time.monotonic(), tokens))
        if ttft_s is not None:
            self._waits.append(ttft_s)

    def failure(self, kind: str) -> None:
        """An attempt that failed with this kind of error."""
        self.failures[kind] += 1

    def tokens_per_s(self, streamed: int = 0) -> float:
        """Over the last minute; `streamed`: tokens of the answers that are under way now.

        By what came since the last looks, where servers stream; else by the answers that ended.
        """
        return max(self._ended_per_s(), self._grown_per_s(self.tokens + streamed))

    def _grown_per_s(self, total: int) -> float:
        now = time.monotonic()
        self._grown.append((now, total))
        while now - self._grown[0][0] > GROWTH_S:
            self._grown.popleft()
        since, before = self._grown[0]
        return max(0, total - before) / (now - since) if now > since else 0.0

    def _ended_per_s(self) -> float:
        now = time.monotonic()
        while self._recent and now - self._recent[0][0] > RECENT_S:
            self._recent.popleft()
        span_s = min(RECENT_S, now - self._began)
        return sum(tokens for _, tokens in self._recent) / span_s if span_s > 0 else 0.0

    def ttft_s(self) -> float | None:
        """The median of the latest answers; None where the server does not stream."""
        return median(self._waits) if self._waits else None


class FirstRequests:
    """Sees that a run cannot work: its requests fail before the first answer, and all alike.

    A server that refuses a field of the request, or a link that spoils every stream, fails each sample in the same way.
    Then the run pauses with the server's words, instead of generating everything three times for nothing.
    """

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
