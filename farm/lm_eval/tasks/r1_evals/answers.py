"""The final answer in a model's text, in one spelling.

The rules are those of Tenstorrent's fork of lm-eval (`lm_eval/tasks/r1_evals/utils.py` of
tstescoTT/lm-evaluation-harness at 44e770e8), so that scores compare with those measured there; their oddities are kept,
since they decide about answers. Where the fork raises, the whole text is the answer there, and here.
"""

from __future__ import annotations

import re
from typing import Any

_THINKING = re.compile(r".*?</think>(\\n)*", re.DOTALL)
_NUMBER = re.compile(r"-?\d*\.?\d+")
_CHOICE = re.compile(r"\b(A|B|C|D|E)\b")
_ARRAY = (
    (re.compile(r"\\begin\{array\}\{.*?\}"), r"\\begin{pmatrix}"),
    (re.compile(r"\\end\{array\}"), r"\\end{pmatrix}"),
)
# Spellings of one thing; in this order, as later ones see what earlier ones left
_SPELLINGS = (
    ("bmatrix", "pmatrix"), ("tfrac", "frac"), ("dfrac", "frac"), ("\\neq", "\\ne"), ("\\leq", "\\le"),
    ("\\geq", "\\ge"), ("\\left", ""), ("\\right", ""), ("\\{", "{"), ("\\}", "}"),
)  # fmt: skip
_SIGNS = ("^{\\circ}", "^\\circ", "\\$", "$", "\\(", "\\)")
_NAMES = ("x=", "y=", "z=", "x\\in", "y\\in", "z\\in", "x\\to", "y\\to", "z\\to")
_TEXT = re.compile(r"\\text\{(.*?)\}")
_TEXT_WORD = re.compile(r"\\text\{([a-zA-Z]+)\}")
_TEXT_AT_END = re.compile(r"\\text{.*?}$")
_WHOLE_NUMBERS = re.compile(r"(\s*-?\d+\s*,)*\s*-?\d+\s*")
_BACKSLASH_BEFORE_NUMBER = re.compile(r"\\(?=\-?\d+(\\|\)|,|\]|$))")


def answer_of(text: str) -> str:
    """The final answer of a model's text, without its thinking; the whole text if none can be read."""
    try:
        return normalized(_final(_THINKING.sub("", text).strip()))
    except Exception:  # noqa: BLE001 - as in the fork, whatever a text makes the rules raise
        return text


def letter_of(answer: str) -> str:
    """The last letter A to E that stands alone in an answer to a choice; the answer itself where there is none."""
    answer = answer.strip("\n").rstrip(".").rstrip("/").strip(" ").lstrip(":")
    letters = _CHOICE.findall(answer.upper())
    last = letters[-1] if letters else answer.strip().strip(".")
    return str(last).rstrip(".").rstrip("/")


def normalized(answer: Any) -> str:
    """An answer in one spelling of its mathematics, without units, names and ornaments."""
    text = str(answer).strip().replace("\n", "").rstrip(".").replace("\\!", "")
    for pattern, spelling in _ARRAY:
        text = pattern.sub(spelling, text)
    for written, spelling in _SPELLINGS:
        text = text.replace(written, spelling)
    text = _TEXT_WORD.sub(lambda found: _as_digits(found[1].lower(), found[0]), text)
    text = re.sub(r"(cm|inches)\}\^2", r"\1}", text)
    text = _TEXT_AT_END.sub("", text).strip() or text  # a unit, unless it is all
    for sign in _SIGNS:
        text = text.replace(sign, "")
    text = _TEXT.sub(r"\1", _as_digits(text, text))
    for name in _NAMES:
        text = text.replace(name, "")
    text = text.replace("\\emptyset", "{}").replace("(-\\infty,\\infty)", "\\mathbb{R}")
    text = text.replace("\\%", "").replace("%", "").replace(" .", " 0.").replace("{.", "{0.")
    return _without_ornaments(_infinite(text))


def _infinite(text: str) -> str:
    text = text.replace("infinity", "\\infty")
    return text if "\\infty" in text else text.replace("inf", "\\infty")


def _without_ornaments(text: str) -> str:
    text = re.sub(r"\\mbox{.*?}", "", text.replace("and", "").replace("\\mathbf", ""))
    if "i" not in text:
        text = text.replace("j", "i")
    text = re.sub(r"(\d+)\.0*$", r"\1", re.sub(r"(\d+)\.0*([^\d])", r"\1\2", text))
    if not text:
        return text
    text = f"0{text}" if text[0] == "." else text
    sides = text.split("=")
    if len(sides) == 2 and len(sides[0]) <= 2:
        text = sides[1]
    text = re.sub(r"\\sqrt(\w+)", r"\\sqrt{\1}", text).replace(" ", "")
    text = _BACKSLASH_BEFORE_NUMBER.sub("", _slash_as_fraction(_braced_fractions(text)))
    text = re.sub(r"thgrade$", "", text)
    return _sorted_numbers(text) if _WHOLE_NUMBERS.fullmatch(text) else text


def _sorted_numbers(text: str) -> str:
    """A list of whole numbers in ascending order. One that Python does not read stands for -1 twice, as in the fork."""
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = [-1, -1]
    return ",".join(map(str, sorted(numbers)))


def _as_digits(words: str, otherwise: str) -> str:
    """`twenty one` as 21; `otherwise` where the words are no number."""
    from word2number import w2n

    try:
        number = str(w2n.word_to_num(words))
    except Exception:  # noqa: BLE001 - ValueError and IndexError, and what other versions raise
        return otherwise
    return otherwise if number == words else number


def _braced_fractions(text: str) -> str:
    r"""`\frac12` as `\frac{1}{2}`; the text as it is if one of them lacks a part."""
    first, *parts = text.split("\\frac")
    found = [first]
    for part in parts:
        if part.startswith("{"):
            found.append(part)
        elif len(part) < 2:
            return text
        else:
            below = part[1:] if part[1] == "{" else f"{{{part[1]}}}{part[2:]}"
            found.append(f"{{{part[0]}}}{below}")
    return "\\frac".join(found)


def _slash_as_fraction(text: str) -> str:
    r"""`3/4` as `\frac{3}{4}`, of whole numbers and roots."""
    parts = text.split("/")
    if len(parts) != 2:
        return text
    try:
        above, below = (part if "sqrt" in part else str(int(part)) for part in parts)
    except ValueError:
        return text
    return f"\\frac{{{above}}}{{{below}}}" if text == f"{above}/{below}" else text


# --- where the answer stands --------------------------------------------------------------------


def _final(text: str) -> str:
    """What stands in the last box, else behind the last `the answer is`, else the last number."""
    text = text.replace("\u043a\u0438", "")
    if "final answer is $" in text and "$. I hope" in text:
        found = text.split("final answer is $", 1)[1].split("$. I hope", 1)[0].strip()
    elif "boxed" in text:
        behind = text.split("boxed")[-1]
        if not behind:
            return ""
        found = _in_braces(behind) if behind[0] == "{" else behind.split("$")[0].strip()
    elif "he answer is" in text:
        found = text.split("he answer is")[-1].strip()
    elif "final answer is" in text:
        found = text.split("final answer is")[-1].strip()
    elif "\u7b54\u6848\u662f" in text:  # "the answer is", in Chinese
        found = text.split("\u7b54\u6848\u662f")[1].strip().split("\n\n")[0].strip()
    else:
        numbers = _NUMBER.findall(text.replace(",", ""))
        found = numbers[-1] if numbers else ""
    found = re.sub(r"\n\s*", "", found).removeprefix(":")
    return normalized(found.removesuffix(".").removesuffix("/"))


def _in_braces(text: str) -> str:
    """What stands between the first brace and the one that closes it, or the end."""
    depth = 0
    for place, char in enumerate(text):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth == 0:
            return text[1:place]
    return text[1:]
