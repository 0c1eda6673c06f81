"""From an answer to the program that is executed: one rule for who judges it and for who shows it."""

from __future__ import annotations

from farm.benchmarks.registry import extractor
from farm.records import Completion, Protocol
from farm.scoring.extract import completed, extract, fenced, is_fenced, remove_thinking
from farm.text import decode, encode


def extract_program(protocol: Protocol, completion_text: str, own_code: str = "", *, cut: bool = False) -> str:
    """The program in an answer, or '' if there is none.

    `own_code` is the problem's own code, needed where `protocol.continues`. `cut`: the answer ended at the token limit,
    and the server gave no reasoning apart from it. Then a thinking model's text without any mark is thinking that began
    in the prompt and never ended, so the code in it is a draft. BenchmarkError if a benchmark's own function fails.
    """
    if cut and protocol.thinking and not any(mark in completion_text for pair in protocol.thinking for mark in pair):
        return ""
    answer = remove_thinking(completion_text, protocol.thinking)
    if protocol.extraction.function:
        return extractor(protocol)(answer, own_code)
    return extract(answer, protocol.extraction, own_code)


def program_of(
    protocol: Protocol, completion: Completion, text: bytes, own_code: str, given: bytes | None = None
) -> bytes | None:
    """The program of a recorded completion, or None if it holds no code.

    `given` is what another tool extracted from the answer; it is the program then. What the protocol puts before and
    after a program also goes around one that was given as code.
    """
    if given is not None or completion.form == "program":
        source = completed(decode(text if given is None else given), protocol.extraction, own_code)
    else:
        cut = completion.truncated and completion.reasoning_sha256 is None
        source = extract_program(protocol, decode(text), own_code, cut=cut)
    return encode(source) if source.strip() else None


def answer_of(protocol: Protocol, program: str, own_code: str = "") -> str:
    """An answer that holds a program which was given without one: in a fence, if the protocol then reads that program.

    `farm.scoring.extract.unfenced` takes it back.
    """
    if not program.strip():
        return program
    answer = fenced(program)
    read, meant = extract_program(protocol, answer, own_code), completed(program, protocol.extraction, own_code)
    return answer if is_fenced(program) or read.rstrip("\n") == meant.rstrip("\n") else program
