"""Whether two answers are the same number or expression, by the rules of Tenstorrent's fork of lm-eval.

`lm_eval/tasks/r1_evals/utils.py` of tstescoTT/lm-evaluation-harness at 44e770e8, with two differences that keep a
model's text from harming its judge. SymPy's `parse_expr` evaluates text as Python: it gets only text of numbers,
operators and names of mathematics. And expressions are compared in a child process with a limit of time and memory:
what does not end there is not equal, where the fork does not end.
"""

from __future__ import annotations

import os
import re
import resource
import select
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from itertools import pairwise
from math import isclose
from typing import Any

from farm.lm_eval.tasks.r1_evals.answers import letter_of

LIMIT_S = 10  # CPU time for a pair of expressions: how busy the host is decides nothing
HANGING_S = 20.0 * LIMIT_S  # of a child that takes no CPU time either
MEMORY_BYTES = 4 << 30
CLOSE = 1e-4

_BRACKETED = re.compile(r"(\(|\[).+(\)|\])")
_MATRIX_BEGIN, _MATRIX_END = "\\begin{pmatrix}", "\\end{pmatrix}"
_BEGINS = (_MATRIX_BEGIN, "\\begin{bmatrix}")
_ENDS = (_MATRIX_END, "\\end{bmatrix}")
# What `parse_expr` may see: no attribute, string, index or underscore, and no word but these or single letters
_PLAIN = re.compile(r"(?:[0-9+\-*/^()=,<>! ]|\.(?=\d)|(?<=\d)\.|[A-Za-z]+(?![A-Za-z0-9]))*")
_WORDS = frozenset({"sqrt", "sin", "cos", "tan", "log", "ln", "exp", "pi", "abs", "oo"})


def equal(answer: str, recorded: str) -> bool:
    """Whether an answer is the recorded one, both `normalized`."""
    if answer.strip().lower() == recorded.strip().lower():
        return True
    if recorded in ("A", "B", "C", "D", "E") and letter_of(answer) == recorded:
        return True
    numbers = _number(answer), _number(recorded)
    if numbers[0] is not None and numbers[1] is not None:
        # A percentage may stand for a share, and a share for a percentage
        return any(isclose(value, numbers[0], rel_tol=CLOSE) for value in _scaled(numbers[1]))
    return bool(answer) and _same_form(answer.strip(), recorded.strip())


def _scaled(number: float) -> tuple[float, ...]:
    return (number / 100, number, number * 100)


def _number(text: str) -> float | None:
    plain = text.replace(",", "")
    for value, scale in ((plain, 1), (plain.removesuffix("%").removesuffix("\\"), 100)):
        if scale == 1 or plain.endswith("%"):
            try:
                return float(value) / scale
            except ValueError:
                continue
    return None


# --- forms of several parts ---------------------------------------------------------------------


def _same_form(answer: str, recorded: str) -> bool:
    if "pmatrix" in answer and "pmatrix" not in recorded:
        recorded = _as_matrices(recorded)
    if _without_brackets(answer, recorded):
        return True
    if _BRACKETED.match(answer) and _BRACKETED.match(recorded):
        parts = answer[1:-1].split(","), recorded[1:-1].split(",")
        if len(parts[0]) == len(parts[1]) and all(map(equal, *parts)):
            return True
    if _is_matrix(answer) and _is_matrix(recorded) and _same_matrix(answer, recorded):
        return True
    return _same_equation(answer, recorded) or _same_expression(answer, recorded)


def _without_brackets(answer: str, recorded: str) -> bool:
    """Whether both are the same text apart from brackets; `[1, 2]` is not `(1, 2)`."""
    square = answer[:1] == "[" and answer[-1:] == "]" and recorded[:1] != "("
    round_ = answer[:1] == "(" and answer[-1:] == ")" and recorded[:1] != "["
    if square or round_:
        answer, recorded = answer.strip("[]()"), recorded.strip("[]()")
    plain = (re.sub(r"[{}()]", "", text).lower() for text in (answer, recorded))
    return all(first == second for first, second in pairwise(plain))


def _as_matrices(text: str) -> str:
    """`{1,2}` as a matrix."""
    inner = (found.strip("{}") for found in re.findall(r"\{.*,.*\}", text.strip()))
    return ", ".join(f"{_MATRIX_BEGIN}{part.replace(',', chr(92))}{_MATRIX_END}" for part in inner)


def _is_matrix(text: str) -> bool:
    return text.startswith(_BEGINS) and text.endswith(_ENDS)


def _same_matrix(answer: str, recorded: str) -> bool:
    rows = [
        [line.strip() for line in text[len(_MATRIX_BEGIN) : -len(_MATRIX_END)].split("\\\\") if line.strip()]
        for text in (answer, recorded)
    ]
    if len(rows[0]) != len(rows[1]):
        return False
    for first, second in zip(*rows, strict=True):
        cells = first.split("&"), second.split("&")
        if len(cells[0]) != len(cells[1]) or not all(map(equal, *cells)):
            return False
    return True


def _same_equation(answer: str, recorded: str) -> bool:
    """Equations by the difference of their sides; `x = 3` as 3 where the other one names no unknown."""
    counts = answer.count("="), recorded.count("=")
    if counts == (1, 1):
        first, second = (f"{left.strip()} - ({right.strip()})" for left, _, right in
                         (text.partition("=") for text in (answer, recorded)))  # fmt: skip
        return _same_expression(first, second) or _same_expression(f"-({first})", second)
    if counts == (1, 0) and len(answer.split("=")[0].strip()) <= 2:
        return equal(answer.split("=")[1], recorded)
    if counts == (0, 1) and len(recorded.split("=")[0].strip()) <= 2:
        return equal(answer, recorded.split("=")[1])
    return False


# --- expressions --------------------------------------------------------------------------------


def _same_expression(answer: str, recorded: str) -> bool:
    """`_compared`, in a child process that may take LIMIT_S seconds of CPU time."""
    _parsers()  # loaded here once, not in each child
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        answered = b"0"
        try:
            os.close(reader)
            resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
            answered = b"1" if _compared(answer, recorded) else b"0"
        except BaseException:  # noqa: BLE001 - the child must answer, whatever SymPy raises
            answered = b"0"
        finally:
            os.write(writer, answered)
            os._exit(0)
    os.close(writer)
    try:
        ready, _, _ = select.select([reader], [], [], HANGING_S)
        return bool(ready) and os.read(reader, 1) == b"1"
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _compared(answer: str, recorded: str) -> bool:
    from sympy import N, simplify

    first, second = _parsed(answer), _parsed(recorded)
    tests = (
        lambda: str(first) == str(second) or first == second,
        lambda: first.equals(second) or simplify(first - second) == 0,
        lambda: abs(first.lhs - first.rhs).equals(abs(second.lhs - second.rhs)),
        lambda: isclose(float(N(second)), float(N(first)), rel_tol=CLOSE),
        lambda: first.shape == second.shape and _rounded(first).equals(_rounded(second)),
    )
    return any(map(_holds, tests))


def _holds(test: Any) -> bool:
    """A test that raises says nothing of the expressions."""
    try:
        return bool(test())
    except Exception:  # noqa: BLE001 - what SymPy raises is not documented
        return False


def _rounded(matrix: Any) -> Any:
    return matrix.applyfunc(lambda value: round(value, 3))


def _parsed(text: str) -> Any:
    """The expression that the first parser reads in the text; the text itself if none does."""
    for parse in _parsers():
        for form in (text.replace("\\\\", "\\"), text):
            try:
                return parse(form)
            except Exception:  # noqa: BLE001, S112 - the next parser may read it
                continue
    return text


@cache
def _parsers() -> tuple[Callable[[str], Any], ...]:
    """What reads an expression, in the order in which it is tried."""
    from latex2sympy2_extended import latex2sympy
    from sympy.parsing.latex import parse_latex

    with suppress(Exception):
        parse_latex("1")  # loads its grammar
    return parse_latex, _parse_plain, latex2sympy


def _parse_plain(text: str) -> Any:
    from sympy.parsing.sympy_parser import parse_expr

    words = re.findall(r"[A-Za-z]+", text)
    if not _PLAIN.fullmatch(text) or any(len(word) > 1 and word not in _WORDS for word in words):
        raise ValueError("not plain mathematics")
    return parse_expr(text)
