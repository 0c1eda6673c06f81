"""The program that a recorded answer holds: one rule for who executes it and for who looks at it."""

from __future__ import annotations

from farm.protocols import Protocol, extract_program
from farm.records import Completion
from farm.text import decode, encode


def program_of(protocol: Protocol, completion: Completion, text: bytes, own_code: str) -> bytes | None:
    """The extracted program, or None if the answer holds no code.

    `own_code` is the problem's own code that an answer continues; empty where the protocol needs none.
    """
    if completion.form == "program":
        return text if text.strip() else None
    cut = completion.truncated and completion.reasoning_sha256 is None
    source = extract_program(protocol, decode(text), own_code, cut=cut)
    return encode(source) if source.strip() else None
