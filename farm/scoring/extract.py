"""From a model's answer to a program: which lines between the code fences count.

Each protocol names one rule, because the rule is part of what a score means: LiveCodeBench takes the
last pair of fences, Tenstorrent's task the first. The functions here are total: any text gives a
program or the empty string, which is the verdict NO_CODE.
"""

from __future__ import annotations

from typing import Literal

ExtractionRule = Literal["first_fence", "last_fence", "first_fence_or_raw"]

FENCE = "```"

# The seed document's signs of Python in a text without fences.
RAW_SIGNS = ("def ", "import ", "from ", "class ", "if ", "for ", "while ")


def extract(text: str, rule: ExtractionRule) -> str:
    """The program in `text`, or '' if the rule finds none. Never raises.

    A fence line contains three backticks anywhere; lines end at `\\n` alone. Fewer than two fence
    lines are no pair, so an unclosed fence gives no program. Source of the rules: LiveCodeBench
    `lcb_runner/utils/extraction_utils.py` (last pair), Tenstorrent's `utils.py` (first pair), the
    seed document (first pair, else the whole text if it looks like Python).
    """
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
