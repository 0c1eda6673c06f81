"""Cautions about a run's answers: what made a score zero or flat that is not the model, how often, and what to do."""

from __future__ import annotations

from farm.scoring.answer_notes import AnswerFlaw, AnswerNotes
from farm.scoring.report import Report

NO_STOP = "official-nostop"


def answer_cautions(report: Report) -> list[str]:
    """One sentence or two for each cause that is known; plain strings that may hold anything."""
    notes = report.telemetry.answers
    if notes is None:
        return []
    asked = _asked(report, notes) if report.spec.kind == "evaluate" else []
    return [*_no_program(report, notes), *_flaws(report, notes), *asked]


def _no_program(report: Report, notes: AnswerNotes) -> list[str]:
    """What stands above all else: most answers hold no program, so the score says nothing of the model."""
    unexplained = notes.number(AnswerFlaw.NO_CODE)
    missing = unexplained + notes.number(AnswerFlaw.STOPPED) + notes.number(AnswerFlaw.IN_REASONING)
    if not missing or 2 * missing < notes.answers:
        return []
    empty = f", {notes.empty} of them are empty" if notes.empty else ""
    begins = f"The first that is not empty begins {notes.beginning!r}. " if notes.beginning else ""
    told = f"{missing} of {notes.answers} answers hold no code by the rule of {report.spec.protocol}{empty}"
    return [f"{told}: the score says little of the model. {begins}{_to_do(report, notes, unexplained)}".rstrip()]


def _to_do(report: Report, notes: AnswerNotes, unexplained: int) -> str:
    """The next step, where no known cause explains the answers that hold no program."""
    spec = report.spec
    if not unexplained:
        return ""
    look = f"Look at them with farm inspect {report.run_id} --verdict NO_CODE"
    if spec.kind == "grade" and spec.regraded_from is None:
        given = "a program that is not between fence lines belongs in the field code, not output"
        return f"{look}. In the file, {given}; an answer belongs in output, from which the protocol takes the program."
    if 2 * notes.empty >= notes.answers:
        return (
            f"{look}. A server that answers nothing may not continue the answer that a prompt begins: use one that "
            "obeys continue_final_message (vLLM), or the completions endpoint; its log says what it was asked."
        )
    return f"{look}; if the code is there, farm regrade {report.run_id} --protocol P reads it by another rule."


def _flaws(report: Report, notes: AnswerNotes) -> list[str]:
    spec, found = report.spec, []
    of = f"of {notes.answers} answers"
    if stopped := notes.number(AnswerFlaw.STOPPED):
        named = ", ".join(f"{stop!r} {number} times" for stop, number in notes.stops.items())
        how = "were" if sum(notes.stops.values()) >= stopped else "were or may have been"
        those = named or ", ".join(repr(stop) for stop in spec.sampling.stop)
        found.append(f"{stopped} {of} {how} ended by a stop string before any code ({those}). {_other_stops(report)}")
    if inside := notes.number(AnswerFlaw.IN_REASONING):
        limit = f" {notes.at_limit} at the token limit: raise --max-tokens." if notes.at_limit else ""
        rest = inside - notes.at_limit
        others = f" {rest} before it, as when a stop string is in the reasoning: {_without_stops()}" if rest else ""
        found.append(f"{inside} {of} ended inside their reasoning, before the answer began.{limit}{others}")
    if over := notes.number(AnswerFlaw.STARTED_OVER):
        found.append(
            f"{over} {of} begin a new answer instead of continuing the one that {spec.protocol} begins: the server "
            "does not obey continue_final_message. Use one that does (vLLM), or the completions endpoint."
        )
    if lost := notes.number(AnswerFlaw.FIRST_WORD_LOST):
        found.append(
            f"{lost} {of} lost their first word by lm-eval's own rule and failed. "
            f"farm regrade {report.run_id} --protocol mbpp-instruct@2 reads the same answers without that fault."
        )
    return found


def _asked(report: Report, notes: AnswerNotes) -> list[str]:
    """What is a matter of the server that was asked."""
    spec, found = report.spec, []
    if notes.repeated and 2 * notes.repeated >= notes.sampled and spec.sampling.temperature != 0:
        each = "not sent" if spec.sampling.temperature is None else f"{spec.sampling.temperature:g}"
        why = (
            "the server may ignore the seed or the sampling"
            if spec.sampling.sends("seed")
            else "no seed was sent (--omit seed), and the server draws the same each time"
        )
        found.append(
            f"All answers to {notes.repeated} of {notes.sampled} problems are byte-equal, with temperature {each}: "
            f"{why}, so pass@k and flips say little. docs/serving.md names servers that do."
        )
    if notes.should_think and notes.thinking < notes.answers:
        none = "none" if not notes.thinking else f"only {notes.thinking}"
        found.append(
            f"{spec.protocol} measures answers with reasoning, and {none} of {notes.answers} show any: the server may "
            "have thinking turned off. Turn it on with --chat-template-kwarg enable_thinking=true or "
            "--reasoning-effort, as the model wants it."
        )
    if notes.unstated:
        found.append(
            f"{notes.unstated} of {notes.answers} answers came without a finish reason: whether they are whole is "
            "not known. Look at the server's log, and at some with farm inspect."
        )
    if notes.unknown_reasons:
        named = ", ".join(f"{reason!r} {number} times" for reason, number in notes.unknown_reasons.items())
        found.append(f"Finish reasons that farm does not know: {named}. Such answers were judged as whole ones.")
    return found


def _other_stops(report: Report) -> str:
    if report.spec.protocol.startswith("official@"):
        return f"That is not the model's failure: {_without_stops()}"
    return "That is not the model's failure: --stop TEXT replaces the protocol's stop strings."


def _without_stops() -> str:
    return f"--protocol {NO_STOP} sends none."
