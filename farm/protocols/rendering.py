"""From a protocol and a problem to the prompt that a model reads."""

from __future__ import annotations

import re

from farm.errors import ConfigError
from farm.records import Message, Problem, Prompt, Protocol

_PLACEHOLDER = re.compile(r"\{(question|format|code|tests|ask)\}")


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
