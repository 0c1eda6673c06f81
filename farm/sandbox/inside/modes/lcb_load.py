"""How LiveCodeBench's grader turns a program's text into something to call.

The text is rewritten (the names of many modules are imported first, a program for standard input
becomes the body of a function) and executed in a separate module. What this does to honest
programs decides their verdicts, so it is reproduced step by step: docs/protocols.md, "Two judge modes", after
`lcb_runner/evaluation/testing_util.py` at commit 28fef95. Standard library only: this runs in the child.
"""

from __future__ import annotations

import ast
import gc
import sys
from types import ModuleType
from typing import Any, NamedTuple

from .. import header
from . import lcb_alarm

STDIN_FUNCTION = "wrapped_function"
_RECURSION_LIMIT = 50_000  # the header's last line sets it


class Text(NamedTuple):
    """What the grader executes: the header, if there is one, and then `body`."""

    header: bool
    body: str


class NotLoaded(Exception):
    """Raised when the grader ends before the first test although nothing raised."""


def stdin_text(source: str) -> Text:
    """The text that the grader executes for a program that reads standard input."""
    return _wrapped(*_without_guard(source))


def functional_text(source: str) -> Text:
    """The text that the grader executes for a program whose function is called."""
    return Text(True, source)


def load(text: Text, function: str) -> Any:
    """Execute `text` under an alarm and give the callable named `function`.

    Raises what the program raises, and NotLoaded if there is no such function.
    """
    lcb_alarm.on()
    try:
        # Not exec(text): that would pass on this file's own `from __future__ import annotations`. The zygote has
        # executed the header; a statement in its place keeps what must stand first from standing first.
        code = compile(f"0\n{text.body}" if text.header else text.body, "<string>", "exec", dont_inherit=True)
        if text.header:
            module = header.take_hidden("tmp_sol")
            sys.setrecursionlimit(_RECURSION_LIMIT)
        else:
            module = ModuleType("tmp_sol", "")
        gc.enable()
        exec(code, module.__dict__)  # noqa: S102 - this child exists to execute it
        # By text, as the grader decides it: a comment or a string with these words counts.
        holder: Any = module.Solution() if "class Solution" in text.body else module
        if holder is None:
            raise NotLoaded("Solution() is None")
    finally:
        lcb_alarm.off()
    try:
        found = getattr(holder, function) if hasattr(holder, function) else None
    except Exception as error:  # the grader takes any for "no such function"
        raise NotLoaded(f"no function {function}") from error
    if found is None:
        raise NotLoaded(f"no function {function}")
    return found


def compiles(source: str) -> str:
    """'' if the program's own text is Python, else why not, in one line."""
    try:
        compile(source, "<program>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return f"SyntaxError: {error.msg} (line {error.lineno})"
    except (ValueError, MemoryError, RecursionError, OverflowError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _without_guard(source: str) -> tuple[str, list[ast.stmt] | None]:
    """The text with a last `if __name__ == '__main__':` replaced by its body; its statements, where they are known."""
    try:
        body = ast.parse(source).body
        last = body[-1]
        if isinstance(last, ast.If) and ast.unparse(last.test).strip() == "__name__ == '__main__'":
            # ast.unparse takes a list of statements, which its annotation does not say.
            before: Any = body[:-1]
            guarded: Any = last.body
            return ast.unparse(before) + "\n" + ast.unparse(guarded), None
    except BaseException:  # noqa: BLE001 - the grader's own: a bare except, the alarm included
        return source, None
    return source, body


def _wrapped(source: str, body: list[ast.stmt] | None) -> Text:
    """Header, the top-level imports, and everything else as the body of one function.

    The grader parses the text a second time here; `body` is what it found the first time.
    """
    try:
        imports: Any = []
        others: list[ast.stmt] = []
        for statement in ast.parse(source).body if body is None else body:
            (imports if isinstance(statement, (ast.Import, ast.ImportFrom)) else others).append(statement)
        arguments = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        function = ast.FunctionDef(STDIN_FUNCTION, arguments, body=others, decorator_list=[], lineno=-1)
        return Text(True, f"{ast.unparse(imports)}\n{ast.unparse(function)}")
    except Exception:  # noqa: BLE001 - the grader's own: syntax errors, deep nesting, the alarm
        return Text(False, source)
