"""The program that a recorded answer holds: one rule for who executes it and for who looks at it."""

from __future__ import annotations

from farm.coordinator.history import StoredCompletion
from farm.protocols import Protocol, extract_program
from farm.text import decode, encode


def program_of(protocol: Protocol, stored: StoredCompletion, own_code: str) -> bytes | None:
    """The extracted program, or None if the answer holds no code.

    `own_code` is the problem's own code that an answer continues; empty where the protocol needs none.
    """
    if stored.completion.form == "program":
        return stored.text if stored.text.strip() else None
    cut = stored.completion.truncated and stored.completion.reasoning_sha256 is None
    source = extract_program(protocol, decode(stored.text), own_code, cut=cut)
    return encode(source) if source.strip() else None
