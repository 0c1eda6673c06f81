"""From a model's answer to a program: which lines between the code fences count.

Each protocol names one rule, because the rule is part of what a score means: LiveCodeBench takes the
last pair of fences, Tenstorrent's task the first. The functions here are total: any text gives a
program or the empty string, which is the verdict NO_CODE.
"""

from __future__ import annotations

import re
from typing import Literal

from farm.scoring.answers import executed_output, expected_output

ExtractionRule = Literal[
    "first_fence", "last_fence", "first_fence_or_raw",
    "whole", "continuation", "continuation_to_fence", "open_fence", "open_fence_lm_eval",
    "test_output", "execution", "execution_cot",
]  # fmt: skip

FENCE = "```"

# The seed document's signs of Python in a text without fences.
RAW_SIGNS = ("def ", "import ", "from ", "class ", "if ", "for ", "while ")


# What may stand behind a fence that opens Python
_TAGS = ("", "python", "python3", "py")

# lm-evaluation-harness's own rule for a block: a word right behind the fence is a tag, whatever follows it
_LM_EVAL_BLOCK = re.compile(r"```\w*\n?(.*?)\n?```", re.DOTALL)


def extract(text: str, rule: ExtractionRule, prompt: str = "") -> str:
    """The program in `text`, or '' if the rule finds none. Never raises. `prompt` is code that `text` continues.

    A fence line contains three backticks anywhere; lines end at `\\n` alone. Fewer than two fence
    lines are no pair, so an unclosed fence gives no program. Source of the rules: LiveCodeBench
    `lcb_runner/utils/extraction_utils.py` (last pair), Tenstorrent's `utils.py` (first pair), the
    seed document (first pair, else the whole text if it looks like Python).

    `whole`: all of it. `continuation`: after `prompt`; `continuation_to_fence`: up to the first three
    backticks. `open_fence`: the prompt has opened a fence, so the program ends at the next one.
    `test_output` and `execution`: see `farm.scoring.answers`.
    """
    if rule == "whole":
        return text
    if rule == "continuation":
        return prompt + text
    if rule == "continuation_to_fence":
        return prompt + text.partition(FENCE)[0]
    if rule == "open_fence":
        return _to_closing_fence(text)
    if rule == "open_fence_lm_eval":
        return _lm_eval_block(text)
    if rule == "test_output":
        return expected_output(text)
    if rule in ("execution", "execution_cot"):
        return executed_output(text, prompt, thought=rule == "execution_cot")
    lines = text.split("\n")
    fences = [number for number, line in enumerate(lines) if FENCE in line]
    if len(fences) >= 2:
        opening, closing = fences[-2:] if rule == "last_fence" else fences[:2]
        return "\n".join(lines[opening + 1 : closing])
    if rule == "first_fence_or_raw":
        stripped = text.strip()
        if any(sign in stripped for sign in RAW_SIGNS):
            return stripped
    return ""


def _to_closing_fence(text: str) -> str:
    """The rest of a block whose opening fence is not in `text`; if the model opened one again, its block."""
    before, fence, after = text.partition(FENCE)
    tag, newline, block = after.partition("\n")
    if fence and newline and tag.strip().lower() in _TAGS and (not before.strip() or tag.strip()):
        return block.partition(FENCE)[0]
    return before


def _lm_eval_block(text: str) -> str:
    """lm-evaluation-harness `lm_eval/tasks/mbpp/utils.py`, its fault included: the first word may be taken for
    the fence's tag, so `def f(x):` becomes ` f(x):` (EleutherAI/lm-evaluation-harness#3447)."""
    found = _LM_EVAL_BLOCK.search(FENCE + text) or _LM_EVAL_BLOCK.search(text.replace("```python", FENCE))
    return found[1] if found else ""


def remove_thinking(text: str, marks: tuple[tuple[str, str], ...]) -> str:
    """`text` without the reasoning that a thinking model writes before or between its answers.

    `marks` are pairs of opening and closing mark. A closing mark without an opening one ends
    reasoning that began in the prompt (chat templates write the opening mark themselves); an opening
    mark without a closing one is reasoning that never ended, so nothing after it is an answer.
    """
    for opening, closing in marks:
        before, closed, after = text.partition(closing)
        if closed and opening not in before:
            text = after
        kept: list[str] = []
        while text:
            answer, opened, rest = text.partition(opening)
            kept.append(answer)
            if not opened:
                break
            text = rest.partition(closing)[2]
        text = "".join(kept)
    return text
