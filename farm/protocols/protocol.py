"""What a protocol is: everything of a benchmark that decides a score besides the model and the problems.

Prompt, sampling, extraction and judge are one named and versioned thing, since a score means nothing
without all four: the same model on the same problems went from 7.11 to 13.93 percent when prompt,
device and sampling changed (tenstorrent/tt-inference-server#311). A protocol is data; what differs per benchmark
is written as a record, never as a branch in the line.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from farm.records import JudgeSpec, Message, Problem, Prompt, Record, Sampling
from farm.scoring.extract import extract, remove_thinking

_PLACEHOLDER = re.compile(r"\{(question|format|code)\}")


class Protocol(Record):
    """A frozen protocol. A change of any field is a new version."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
    version: Annotated[int, Field(ge=1)]
    system: str | None = None
    template: str  # of the user message; {question}, {format} and {code} are replaced
    formats: tuple[str, str] = ("", "")  # {format} with a starter code and without one
    code_placeholder: str = ""  # {code} where there is no starter code
    extraction: Literal["first_fence", "last_fence", "first_fence_or_raw"]
    thinking: tuple[tuple[str, str], ...] = ()  # marks around what is removed before extraction
    sampling: Sampling
    judge: JudgeSpec

    @property
    def ident(self) -> str:
        """Name and version, such as `tt@1`."""
        return f"{self.name}@{self.version}"

    def digest(self) -> str:
        """SHA-256 over all fields; stored with every run."""
        return self.record_digest()


def render(protocol: Protocol, problem: Problem) -> Prompt:
    """The chat messages for one problem, byte for byte as the protocol's source sends them."""
    starter = problem.starter_code
    values = {
        "question": problem.statement,
        "format": protocol.formats[0 if starter else 1],
        "code": starter or protocol.code_placeholder,
    }
    # In one pass: a statement that holds {code} is text, not a template.
    user = _PLACEHOLDER.sub(lambda found: values[found[1]], protocol.template)
    messages = [] if protocol.system is None else [Message(role="system", content=protocol.system)]
    return Prompt(messages=(*messages, Message(role="user", content=user)))


def render_text(prompt: Prompt) -> str:
    """The prompt of a base model: the messages' texts with an empty line between them.

    The base models' endpoint knows no roles and applies no chat template.
    """
    return "\n\n".join(message.content for message in prompt.messages)


def extract_program(protocol: Protocol, completion_text: str) -> str:
    """The program in an answer, or '' if there is none. Never raises."""
    return extract(remove_thinking(completion_text, protocol.thinking), protocol.extraction)
