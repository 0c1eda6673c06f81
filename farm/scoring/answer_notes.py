"""What is known of a run's answers apart from their verdicts: causes of a zero or flat score that are not the model's.

Pure. A report names each cause with a count (`farm.reports.cautions`), because a score whose cause is known and not
said is believed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from farm.records import Count, Record, Thought
from farm.records.finish_reasons import Ending, ending


class AnswerFlaw(StrEnum):
    """Why an answer holds no right program, where that is known and not the program's fault."""

    IN_REASONING = "in_reasoning"  # it ended before the answer proper began
    STOPPED = "stopped"  # a stop string ended it before any code, or may have
    STARTED_OVER = "started_over"  # it does not continue what was begun
    FIRST_WORD_LOST = "first_word_lost"  # lm-eval's own rule took its first word for the name of a language
    NO_CODE = "no_code"  # the protocol's rule finds no code in it, for no reason that is known


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """What is known of one sample's answer. `beginning` is its first line, of an answer with a flaw."""

    problem_id: str
    finish_reason: str | None
    digest: str  # of text and reasoning: equal for equal answers
    empty: bool = False
    stop: str = ""  # the stop string that ended it, where that is known
    flaw: AnswerFlaw | None = None
    beginning: str = ""
    thought: Thought | None = None  # its reasoning
    should_think: bool = False  # the protocol measures answers with reasoning


class AnswerNotes(Record):
    """Counts over the answers of a run."""

    answers: Count
    unstated: Count = 0  # complete, yet without a finish reason
    unknown_reasons: dict[str, Count] = Field(default_factory=dict)  # finish reasons that farm does not know
    flaws: dict[str, Count] = Field(default_factory=dict)
    stops: dict[str, Count] = Field(default_factory=dict)  # of answers without code: by the stop string that ended them
    at_limit: Count = 0  # of those that ended inside their reasoning: at the token limit
    empty: Count = 0
    beginning: str = ""  # of the first answer without code that is not empty
    repeated: Count = 0  # problems whose answers are all byte-equal
    sampled: Count = 0  # problems with several answers
    thought: dict[str, Count] = Field(default_factory=dict)  # answers with reasoning, by where it stood
    thought_tokens: Count = 0  # of these answers, as far as the server counts tokens
    thought_counted: bool = False  # all of them by the server, none estimated
    should_think: bool = False  # the protocol measures answers with reasoning

    @property
    def thinking(self) -> int:
        """How many answers reasoned."""
        return sum(self.thought.values())

    def number(self, flaw: AnswerFlaw) -> int:
        """How many answers have this flaw."""
        return self.flaws.get(flaw.value, 0)


def answer_notes(facts: Iterable[AnswerFacts]) -> AnswerNotes:
    """The counts over all answers of a run that a server gave."""
    rows = list(facts)
    endings = [(row, ending(row.finish_reason)) for row in rows]
    flawed = [(row, how) for row, how in endings if row.flaw is not None]
    without_code = [row for row, _ in flawed if row.flaw not in (AnswerFlaw.STARTED_OVER, AnswerFlaw.FIRST_WORD_LOST)]
    by_problem: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_problem[row.problem_id].append(row.digest)
    thoughts = [row.thought for row in rows if row.thought is not None]
    sampled = [digests for digests in by_problem.values() if len(digests) > 1]
    return AnswerNotes(
        answers=len(rows),
        unstated=sum(how is Ending.UNSTATED for _, how in endings),
        unknown_reasons=dict(Counter(row.finish_reason or "" for row, how in endings if how is Ending.UNKNOWN)),
        flaws=dict(Counter(row.flaw.value for row, _ in flawed if row.flaw is not None)),
        stops=dict(Counter(row.stop for row in without_code if row.stop)),
        at_limit=sum(row.flaw is AnswerFlaw.IN_REASONING and how is Ending.LENGTH for row, how in flawed),
        empty=sum(row.empty for row in rows),
        beginning=next((row.beginning for row in without_code if row.beginning), ""),
        repeated=sum(len(set(digests)) == 1 for digests in sampled),
        sampled=len(sampled),
        thought=dict(Counter(thought.where for thought in thoughts)),
        thought_tokens=sum(thought.tokens or 0 for thought in thoughts),
        thought_counted=bool(thoughts) and all(thought.counted for thought in thoughts),
        should_think=any(row.should_think for row in rows),
    )
