"""Why an answer that did not pass holds no right program, where that lies in how it was asked for or read."""

from __future__ import annotations

import re

from farm.protocols.programs import extract_program
from farm.records import Completion, GenerateTelemetry, Protocol, Verdict
from farm.records.protocol import OWN_CODE
from farm.records.thinking_marks import ALL_MARKS
from farm.scoring.answer_notes import AnswerFlaw
from farm.scoring.extract import FENCE

_DEFINITION = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)[ \t]*\(", re.MULTILINE)
# One that names a language, or with nothing before it; a bare one further on closes what the prompt has opened
_OPENED_FENCE = re.compile(r"```[ \t]*(?:python|py)|\A\s*```", re.IGNORECASE)
SHORT = 200  # characters of an answer that did not get to its code
_FIRST_WORD = re.compile(r"\w+")


def flaw_of(
    protocol: Protocol,
    stops: tuple[str, ...],
    completion: Completion,
    text: str,
    verdict: Verdict,
    *,
    stop: str,
    begun: str,
) -> AnswerFlaw | None:
    """The flaw of an answer that failed; None if none is known.

    `stops` were in force, `stop` is the one that is known to have ended the answer (`ended_by`); `begun` is the text
    that it was to continue.
    """
    if verdict is Verdict.PASSED:
        return None
    if completion.form == "program":  # as a file has it: the protocol found nothing and lost nothing
        return AnswerFlaw.NO_CODE if verdict is Verdict.NO_CODE else None
    if verdict is Verdict.NO_CODE:
        if _inside_reasoning(completion, text, protocol.thinking or ALL_MARKS):
            return AnswerFlaw.IN_REASONING
        # Few servers say what ended an answer: a short one without code may be the work of a stop string
        readable = any(not one.startswith("<|") for one in stops)
        may_be = completion.finish_reason == "stop" and readable and len(text.strip()) < SHORT and FENCE not in text
        return AnswerFlaw.STOPPED if stop or may_be else AnswerFlaw.NO_CODE
    if goes_on(protocol) and _starts_over(text, begun):
        return AnswerFlaw.STARTED_OVER
    if protocol.extraction.function and not protocol.continues and _loses_its_first_word(protocol, text):
        return AnswerFlaw.FIRST_WORD_LOST
    return None


def goes_on(protocol: Protocol) -> bool:
    """Whether an answer goes on with the problem's own code."""
    return OWN_CODE in protocol.extraction.before


def may_be_flawed(protocol: Protocol, verdict: Verdict) -> bool:
    """Whether an answer with this verdict has to be read to know whether it has a flaw."""
    if verdict is Verdict.PASSED:
        return False
    return verdict is Verdict.NO_CODE or goes_on(protocol) or bool(protocol.extraction.function)


def ended_by(telemetry: GenerateTelemetry, stops: tuple[str, ...]) -> str:
    """The stop string that ended an answer; empty if none did, or nothing says so."""
    return telemetry.cut_at or (telemetry.stop_reason if telemetry.stop_reason in stops else "")


def _inside_reasoning(completion: Completion, text: str, marks: tuple[tuple[str, str], ...]) -> bool:
    if not text.strip():
        return completion.reasoning_sha256 is not None
    return any(opening in text and closing not in text for opening, closing in marks)


def _starts_over(text: str, begun: str) -> bool:
    """Whether an answer repeats the function that it was to continue, or opens a new block of code."""
    names = _DEFINITION.findall(begun)
    return bool(names and names[-1] in _DEFINITION.findall(text)) or bool(_OPENED_FENCE.search(text))


def _loses_its_first_word(protocol: Protocol, text: str) -> bool:
    """Whether the program is the beginning of the answer without its first word.

    lm-eval puts a fence before the answer and takes the word right behind it for the name of a language.
    """
    first = _FIRST_WORD.match(text)
    program = extract_program(protocol, text)
    return first is not None and bool(program.strip()) and text[first.end() :].startswith(program)
