"""Answers that are no programs: the right side of an assertion, made into a function that the sandbox evaluates.

LiveCodeBench's scenarios test output prediction and code execution (`lcb_runner/utils/extraction_utils.py` and the two
`evaluation/compute_*_metrics.py` at 28fef95). It evaluates what a model wrote in the grader's own process; here that
is a program like any other. The functions are total: no answer makes them raise.
"""

from __future__ import annotations

import ast
import warnings

ANSWER = "farm_answer"  # the function that an answer becomes

# What code and expected outputs of the execution scenario use without importing it (LiveCodeBench `utils_execute.py`)
KNOWN_NAMES = """\
import bisect, collections, copy, functools, heapq, itertools, math, operator, random, re, string, sys
from bisect import bisect_left, bisect_right, insort
from collections import Counter, OrderedDict, defaultdict, deque
from copy import deepcopy
from functools import cache, lru_cache, partial, reduce
from heapq import heapify, heappop, heappush, merge
from itertools import accumulate, chain, combinations, count, cycle, groupby, islice, permutations, product, repeat
from itertools import zip_longest
from math import ceil, comb, floor, gcd, inf, isqrt, log, log2, log10, prod, sqrt
from operator import iand, itemgetter, sub
from random import randrange, shuffle
from string import ascii_lowercase
from typing import Any, Callable, Dict, Generator, Iterable, Iterator, List, Optional, Set, Tuple, Union
"""


def expected_output(text: str) -> str:
    """LiveCodeBench `extract_test_output_code`, then what `check_testcase_output` makes of it."""
    lines = text.split("\n")
    asserts = [line for line in lines if line.startswith("assert")]
    found = asserts[-1] if asserts else _first_block(lines)
    if len(found.splitlines()) > 1:
        wanted = (line for line in found.splitlines() if not line.startswith("#") and "assert" in line)
        found = next(wanted, found)
    found = found.strip()
    return _as_function(_right_side(found) if "assert" in found else found)


def _first_block(lines: list[str]) -> str:
    """What stands behind the first fence of Python, else behind the first fence at all, up to the next one."""
    fences = [number for number, line in enumerate(lines) if "```" in line]
    python = next((n for n in fences if "```python" in lines[n] or "```Python" in lines[n]), None)
    if python is not None:
        fences = [number for number in fences if number >= python]
    return "\n".join(lines[fences[0] + 1 : fences[1]]) if len(fences) >= 2 else ""


def _right_side(statement: str) -> str:
    """Of `assert ... == RIGHT`; empty if it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(statement).body
        test = body[0].test if body and isinstance(body[0], ast.Assert) else None
        if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq):
            return ast.get_source_segment(statement, test.comparators[0]) or ""
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    return ""


def executed_output(text: str, prompt: str, *, thought: bool) -> str:
    """LiveCodeBench `extract_execution_code`. `prompt` is the question that is answered."""
    if thought and "[ANSWER]" in text:
        text = text.split("[ANSWER]")[1].strip()
    if "==" in text:
        text = text.split("==")[1].strip()
    text = text.split("[/ANSWER]")[0] if "[/ANSWER]" in text else text.split("\n")[0]
    code, call = _asked(prompt)
    if call and call in text:
        return ""  # the call itself is no answer
    function = _as_function(text.strip())
    return f"{KNOWN_NAMES}\n{code}\n\n\n{function}" if function else ""


def question(code: str, call: str) -> str:
    """What an answer is about, as Python that does nothing: a record's `prompt` is executed with the tests."""
    return f"{(code, call)!r}\n"


def _asked(prompt: str) -> tuple[str, str]:
    try:
        code, call = ast.literal_eval(prompt)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return prompt, ""
    return str(code), str(call)


def _as_function(expression: str) -> str:
    return f"def {ANSWER}():\n    return (\n{expression}\n    )\n" if expression else ""
