"""What a protocol is: everything of a benchmark that decides a score besides the model and the problems.

Prompt, sampling, extraction and judge are one named and versioned thing, since a score means nothing
without all four: the same model on the same problems went from 7.11 to 13.93 percent when prompt,
device and sampling changed (tenstorrent/tt-inference-server#311). A protocol is data; what differs per benchmark
is written as a record, never as a branch in the line.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, StringConstraints

from farm.errors import ConfigError
from farm.records import JudgeSpec, Message, Problem, Prompt, Record, Sampling
from farm.scoring.extract import ExtractionRule, extract, remove_thinking

_PLACEHOLDER = re.compile(r"\{(question|format|code|tests|ask)\}")


def _is_empty(value: object) -> bool:
    """For fields that came later: unset, they are in no digest, so older protocols keep theirs."""
    return not value


class Shot(Record):
    """A worked example before the question: what the user says, and what the assistant answered."""

    user: str
    assistant: str


class Protocol(Record):
    """A frozen protocol. A change of any field is a new version."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
    version: Annotated[int, Field(ge=1)]
    system: str | None = None
    shots: tuple[Shot, ...] = Field(default=(), exclude_if=_is_empty)  # as written, nothing is replaced in them
    template: str  # of the user message; {question}, {format}, {code}, {tests} and {ask} are replaced
    answer_prefix: str = Field(default="", exclude_if=_is_empty)  # template of an answer begun, which the model goes on
    formats: tuple[str, str] = ("", "")  # {format} with a starter code and without one
    code_placeholder: str = ""  # {code} where there is no starter code
    extraction: ExtractionRule
    thinking: tuple[tuple[str, str], ...] = ()  # marks around what is removed before extraction
    sampling: Sampling
    judge: JudgeSpec

    @property
    def ident(self) -> str:
        """Name and version, such as `tt@1`."""
        return f"{self.name}@{self.version}"

    @property
    def continues(self) -> bool:
        """Whether an answer continues the problem's own code."""
        return self.extraction.startswith(("continuation", "execution"))

    def digest(self) -> str:
        """SHA-256 over all fields; stored with every run."""
        return self.record_digest()


def render(protocol: Protocol, problem: Problem) -> Prompt:
    """The chat messages for one problem, byte for byte as the protocol's source sends them.

    ConfigError for a problem of another scenario.
    """
    if ("{ask}" in protocol.template) != bool(problem.ask):
        raise ConfigError(
            f"protocol {protocol.ident} is not for problem {problem.problem_id}",
            remedy="each scenario of LiveCodeBench has its own dataset and protocol: docs/benchmarks.md",
        )
    starter = problem.starter_code
    values = {
        "question": problem.statement,
        "format": protocol.formats[0 if starter else 1],
        "code": starter or protocol.code_placeholder,
        "ask": problem.ask,
        "tests": "\n".join(test.input for test in problem.tests if test.public),
    }

    def filled(template: str) -> str:
        # In one pass: a statement that holds {code} is text, not a template.
        return _PLACEHOLDER.sub(lambda found: values[found[1]], template)

    messages = [] if protocol.system is None else [Message(role="system", content=protocol.system)]
    for shot in protocol.shots:
        messages += Message(role="user", content=shot.user), Message(role="assistant", content=shot.assistant)
    messages.append(Message(role="user", content=filled(protocol.template)))
    if protocol.answer_prefix:
        messages.append(Message(role="assistant", content=filled(protocol.answer_prefix)))
    return Prompt(messages=tuple(messages))


def render_text(prompt: Prompt) -> str:
    """The prompt of a base model: the messages' texts with an empty line between them; an answer follows its
    question at once.

    The base models' endpoint knows no roles and applies no chat template.
    """
    text = prompt.messages[0].content
    for message in prompt.messages[1:]:
        text += message.content if message.role == "assistant" else f"\n\n{message.content}"
    return text


def extract_program(protocol: Protocol, completion_text: str, prompt: str = "", *, cut: bool = False) -> str:
    """The program in an answer, or '' if there is none. Never raises.

    `prompt` is the problem's own code that the answer continues, needed where `continues` says so. `cut`: the
    answer ended at the token limit, and the server gave no reasoning beside it. Then a thinking model's text
    without any mark is thinking that began in the prompt and never ended, so what stands in it is a draft.
    """
    if cut and protocol.thinking and not any(mark in completion_text for pair in protocol.thinking for mark in pair):
        return ""
    return extract(remove_thinking(completion_text, protocol.thinking), protocol.extraction, prompt)
