"""Fields of a row, read and checked: what the readers of all benchmarks share."""

from __future__ import annotations

import ast
import warnings
from typing import Any

from pydantic import ValidationError

from farm.benchmarks.rows import Fields, RowError
from farm.records import Problem
from farm.text import json_type, one_line


def text(fields: Fields, name: str) -> str:
    """A field that is a text which a record can hold. Raises RowError, as all here."""
    if name not in fields:
        raise RowError(f"field {name} is missing")
    return _text(fields[name], name)


def texts(fields: Fields, name: str) -> list[str]:
    """A field that is a list of texts."""
    value = fields.get(name)
    if not isinstance(value, list):
        raise RowError(f"{name}: a list is wanted, not {json_type(value)}")
    return [_text(item, f"{name}[{index}]") for index, item in enumerate(value)]


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise RowError(f"{name}: a string is wanted, not {json_type(value)}")
    try:
        value.encode()
    except UnicodeEncodeError as exc:
        raise RowError(f"{name} holds a lone surrogate at character {exc.start}") from exc
    return value


def parsed(name: str, source: str) -> ast.Module:
    """The syntax of a dataset's Python; nothing is executed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as an escape that Python does not know: still Python
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
        raise RowError(f"{name} is no Python: {one_line(str(exc))}") from exc


def classes_of(name: str, source: str) -> str:
    """The classes that a dataset's Python defines at its top level, with its imports; empty if there are none."""
    tree = parsed(name, source)
    if not any(isinstance(node, ast.ClassDef) for node in tree.body):
        return ""
    kept = [node for node in tree.body if isinstance(node, ast.ClassDef | ast.Import | ast.ImportFrom)]
    return "\n".join(map(ast.unparse, kept))


def make_problem(**values: Any) -> Problem:
    """The problem of these values, or RowError for one that no record takes."""
    try:
        return Problem(**values)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        raise RowError(f"{'.'.join(str(part) for part in first['loc'])}: {one_line(first['msg'])}") from exc
