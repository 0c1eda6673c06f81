"""Rows of MBPP -> Problem.

google-research/mbpp, `mbpp.jsonl` (974 rows): text, code, task_id, test_list, test_setup_code and
challenge_test_list; and its sanitized form, with prompt and test_imports in place of text and
test_setup_code. Each assertion of `test_list` is one test. The challenge tests are not read: the paper's
scores, and those of every harness, are without them.

The rows do not say what a program must define, but their own solution does: the functions and classes
of `code` that the tests use. What the tests use of its imports (`sys` in problem 596) is imported for them.
"""

from __future__ import annotations

import ast

from farm.datasets.fields import make, parsed, text, texts
from farm.datasets.rows import Fields, Header, RowError, Tests
from farm.records import Asserts, Difficulty, Problem, TestCase

# README.md of google-research/mbpp: the split of the paper
_SPLITS = (("prompt", 1, 10), ("test", 11, 510), ("validation", 511, 600), ("train", 601, 974))
_DEFINES = ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef


def header_of(fields: Fields) -> Header:
    """What a selection looks at; the platform says the split, such as `mbpp-test`. Raises RowError."""
    number = fields.get("task_id")
    if isinstance(number, bool) or not isinstance(number, int):
        raise RowError("task_id: a number is wanted")
    split = next((name for name, first, last in _SPLITS if first <= number <= last), "other")
    return Header(f"MBPP/{number}", f"mbpp-{split}", Difficulty.UNKNOWN, "")


def problem_of(fields: Fields, tests: Tests) -> Problem:
    """The problem that the fields of a row describe. Raises RowError. All tests are public: prompts show them."""
    header = header_of(fields)
    statement = text(fields, "text" if "text" in fields else "prompt")
    asserts = texts(fields, "test_list")
    setup = _setup(fields)
    used = _names(parsed("test_list", "\n".join([setup, *asserts])))
    solution = parsed("code", text(fields, "code"))
    defined = [node.name for node in solution.body if isinstance(node, _DEFINES)]
    calls = [name for name in dict.fromkeys(defined) if name in used]
    if not calls:
        raise RowError("test_list uses no function that code defines")
    return make(
        problem_id=header.problem_id,
        title=calls[-1],
        statement=statement,
        platform=header.platform,
        tests=tuple(TestCase(input=test, output="") for test in asserts),
        asserts=Asserts(calls=tuple(calls), setup="\n".join([*_imports(solution, used), setup]).strip("\n")),
    )


def _setup(fields: Fields) -> str:
    if "test_setup_code" in fields:
        return text(fields, "test_setup_code").replace("\r\n", "\n")
    return "\n".join(texts(fields, "test_imports")) if "test_imports" in fields else ""


def _names(tree: ast.Module) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _imports(tree: ast.Module, used: set[str]) -> list[str]:
    """The solution's own import statements that bind a name which the tests use."""
    found = []
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound = {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
            if bound & used:
                found.append(ast.unparse(node))
    return found
