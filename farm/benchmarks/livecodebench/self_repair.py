"""Self-repair: a failed program is shown with what went wrong, and asked for again.

Prompts are those of LiveCodeBench at 28fef95 for chat models (`lcb_runner/prompts/self_repair.py`), byte for byte; test
vectors guard them. It shows the first failing test, hidden ones too, as the original does: 300 characters of each
text. Where the original has no words for a failure (a program that does not compile, a process that ended) it
raises; here it says what is known.
"""

from __future__ import annotations

from farm.records import (
    Extraction,
    JudgeSpec,
    Message,
    Prompt,
    Protocol,
    SampleResult,
    Sampling,
    Suite,
    Verdict,
)

_SHOWN = 300

SELF_REPAIR = Protocol(
    name="self-repair",
    version=1,
    system=(
        "You are a helpful programming assistant and an expert Python programmer. You are helping a user write a "
        "program to solve a problem. The user has written some code, but it has some errors and is not passing the "
        "tests. You will help the user by first giving a concise (at most 2-3 sentences) textual explanation of what "
        "is wrong with the code. After you have pointed out what is wrong with the code, you will then generate a "
        "fixed version of the program. You must put the entired fixed program within code delimiters only for once."
    ),
    template=(
        "### Question:\n{question}\n\n### Answer:\n```python\n{code}\n```\n\n{check}\n"
        "### Format: Read the inputs from stdin solve the problem and write the answer to stdout (do not directly test "
        "on the sample inputs). Enclose your code within delimiters as follows.\n```python\n# YOUR CODE HERE\n```\n\n"
        "### Answer: (use the provided format with backticks)\n\n\n\n"
        "First reason about the code providing a textual explanation of what is wrong with the code and then generate "
        "a fixed of the program enclosed code delimiters."
    ),
    extraction=Extraction(fence="last"),
    sampling=Sampling(n=1, temperature=0.2, top_p=0.95, max_tokens=2000, stop=("###",)),
    judge=JudgeSpec(mode="lcb", variant="official"),
)


def repair_prompt(question: str, code: str, check: str) -> Prompt:
    """What is asked about one failed program."""
    parts = SELF_REPAIR.template.split("{question}", 1)
    middle, rest = parts[1].split("{code}", 1)
    between, end = rest.split("{check}", 1)
    content = parts[0] + question + middle + code + between + check + end  # never a replacement in what was put in
    assert SELF_REPAIR.system is not None
    return Prompt(messages=(Message(role="system", content=SELF_REPAIR.system), Message(role="user", content=content)))


def check_text(result: SampleResult, suite: Suite) -> str:
    """What went wrong, in the original's words. The result is none that passed."""
    place = result.first_failure
    case = next((case for case in result.cases if case.index == place), None)
    if place is None or case is None or result.verdict in (Verdict.SYNTAX_ERROR, Verdict.NO_CODE):
        detail = result.detail or result.verdict.value
        return f"The above code is incorrect and got the following compilation error.\n{_cut(detail)}"
    test = suite.tests[place]
    given, expected = f"Input: {_cut(test.input)}", f"Expected: {_cut(test.output)}"
    if result.verdict is Verdict.WRONG_ANSWER:
        seen = f"Generated Output: {_cut(case.stdout_excerpt)}"
        return f"The above code is incorrect and got a wrong answer.\n{given}\n{seen}\n{expected}"
    error = _cut(case.detail or result.verdict.value)
    if result.verdict is Verdict.TIME_LIMIT:
        return f"The above code is incorrect and got time limit exceeded.\n{error}\n{given}\n{expected}"
    return f"The above code is incorrect and got a runtime error.\n{given}\n{expected}\n{error}"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]}...(truncated) ...{text[-_SHOWN // 2 :]}"


def question_in(protocol: Protocol, prompt: Prompt) -> str | None:
    """The question that `protocol` put into a prompt; None if that cannot be told."""
    before, found, after = protocol.template.partition("{question}")
    text = next(message.content for message in reversed(prompt.messages) if message.role == "user")
    behind = after.partition("{")[0]
    if not found or not behind or not text.startswith(before) or behind not in text:
        return None
    return text.removeprefix(before).rpartition(behind)[0]
