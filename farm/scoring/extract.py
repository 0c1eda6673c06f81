"""From a model's answer to a program: which part of the text counts, and what belongs around it.

How an answer is read is data (`farm.records.Extraction`), because it is part of what a score means: LiveCodeBench
takes the last pair of fences, Tenstorrent's task the first. The functions here are total: any text gives a
program or the empty string, which is the verdict NO_CODE.
"""

from __future__ import annotations

import ast
import re
import warnings

from farm.records.protocol import OWN_CODE, Extraction

FENCE = "```"
# In the files of other tools, which want answers: true for a program that was given without one, by sample
GIVEN_AS_CODE = "given_as_code"
_OPENING, _CLOSING = f"{FENCE}python\n", f"\n{FENCE}"  # around such a program
_QUOTES = ("'", '"', "`")  # around a mark that is only mentioned

# What may stand behind a fence that opens Python
_TAGS = ("", "python", "python3", "py")


def extract(text: str, how: Extraction, own_code: str = "") -> str:
    """The program in `text`, with what belongs before and after it; '' if there is none. Never raises.

    `own_code` is the problem's code that `before` may name. Not for an extraction by a function. Sources:
    LiveCodeBench `lcb_runner/utils/extraction_utils.py` (last pair), Tenstorrent's `utils.py` (first pair).
    """
    program = _found(text, how)
    for mark in how.stop:
        program = program.partition(mark)[0]
    if not program.strip() or not (how.before or how.after):
        return program
    return how.before.replace(OWN_CODE, own_code) + program + how.after


def completed(program: str, how: Extraction, own_code: str = "") -> str:
    """A program that was given as code, with what an extracted one gets before and after it.

    What is there already is not put there again, and imports from `__future__` stay in front, so a whole program works
    like the mere rest of one. Never raises.
    """
    if not program.strip():
        return program
    before = how.before.replace(OWN_CODE, own_code)
    program = program.removesuffix(how.after)
    first, rest = _after_future_imports(program) if before else ("", program)
    return first + before + rest.removeprefix(before) + how.after


def remove_thinking(text: str, marks: tuple[tuple[str, str], ...]) -> str:
    """`text` without the reasoning that a thinking model writes before or between its answers.

    `marks` are pairs of opening and closing mark. A closing mark without an opening one ends
    reasoning that began in the prompt (chat templates write the opening mark themselves); an opening
    mark without a closing one is reasoning that never ended, so nothing after it is an answer. A mark in
    quotes, or inside a fenced block of the answer, belongs to the program.
    """
    for opening, closing in marks:
        text = "".join(_outside(text, opening, closing))
    return text


def _outside(text: str, opening: str, closing: str) -> list[str]:
    """The parts of `text` outside the reasoning. One pass: a text of 2 MB may be all marks."""
    mark = f"{re.escape(opening)}|{re.escape(closing)}"
    kept: list[str] = []
    at, fenced, thinking, first = 0, False, False, True
    for found in re.finditer(rf"^[ \t]*{FENCE}|(?P<line>^[ \t]*)?(?P<mark>{mark})", text, re.MULTILINE):
        start, end = found.start("mark"), found.end()
        if found["mark"] is None:
            fenced ^= not thinking  # fences of a draft say nothing of the answer
        elif text[max(0, start - 1) : start] in _QUOTES and text[end : end + 1] in _QUOTES:
            continue
        elif thinking:
            if found["mark"] == closing:
                thinking, at = False, end
        elif found["mark"] == opening:
            if not fenced:
                kept.append(text[at:start])
                thinking, first = True, False
        elif first and (not fenced or found["line"] is not None):
            at, fenced, first = end, False, False
    return kept if thinking else [*kept, text[at:]]


def _found(text: str, how: Extraction) -> str:
    if how.fence == "none":
        return text
    if how.fence == "open":
        return _to_closing_fence(text)
    lines = text.split("\n")
    fences = [number for number, line in enumerate(lines) if FENCE in line]
    if len(fences) < 2:
        stripped = text.strip()
        return stripped if any(sign in stripped for sign in how.unfenced_signs) else ""
    if how.fence == "last_complete":
        block = _last_complete(lines, fences)
        return "\n".join(lines[block]) if block is not None else ""
    opening, closing = fences[-2:] if how.fence == "last" else fences[:2]
    return "\n".join(lines[opening + 1 : closing])


def last_block(text: str) -> str | None:
    """The last fenced block that is closed; None if there is none. For answers of chat models under any protocol."""
    lines = text.split("\n")
    block = _last_complete(lines, [number for number, line in enumerate(lines) if FENCE in line])
    return None if block is None else "\n".join(lines[block])


def _last_complete(lines: list[str], fences: list[int]) -> slice | None:
    """The last closed block. A fence line with a tag opens a block, also where the one before was never closed."""
    found: slice | None = None
    opening: int | None = None
    for number in fences:
        if opening is None or lines[number].strip().strip("`"):
            opening = number
        else:
            found, opening = slice(opening + 1, number), None
    return found


def _to_closing_fence(text: str) -> str:
    """The rest of a block whose opening fence is not in `text`; if the model opened one again, its block."""
    before, fence, after = text.partition(FENCE)
    tag, newline, block = after.partition("\n")
    if fence and newline and tag.strip().lower() in _TAGS and (not before.strip() or tag.strip()):
        return block.partition(FENCE)[0]
    return before


def _after_future_imports(program: str) -> tuple[str, str]:
    """The program in two parts: up to its last import from `__future__`, which Python wants first, and the rest."""
    if "__future__" not in program:
        return "", program
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "", program
    future = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n|\Z)", program)
    first = "".join(lines[: future[-1].end_lineno]) if future else ""
    rest = program[len(first) :]
    return first if not first or first.endswith(("\r", "\n")) else f"{first}\n", rest


def fenced(program: str) -> str:
    """The program as an answer that is nothing else."""
    return f"{_OPENING}{program}{_CLOSING}"


def is_fenced(answer: str) -> bool:
    """Whether an answer is what `fenced` makes."""
    return answer.startswith(_OPENING) and answer.endswith(_CLOSING) and len(answer) >= len(_OPENING) + len(_CLOSING)


def unfenced(answer: str) -> str:
    """The program of an answer that `fenced` made; any other answer is the program."""
    return answer[len(_OPENING) : -len(_CLOSING)] if is_fenced(answer) else answer
