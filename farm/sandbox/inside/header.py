"""The import header of LiveCodeBench (lcb_runner/evaluation/testing_util.py), as text and as names.

The order matters: builtins comes after io, operator and math, and `datetime` ends as the module.
"""

from __future__ import annotations

import builtins
import itertools
import sys
import types
from typing import Any

MODULES = (
    "string", "re", "datetime", "collections", "heapq", "bisect", "copy", "math", "random", "statistics",
    "itertools", "functools", "operator", "io", "sys", "json",
)  # fmt: skip
TEXT = "\n".join(
    [f"from {m} import *" for m in (*MODULES, "builtins", "typing")]
    + [f"import {m}" for m in MODULES]
    + ["sys.setrecursionlimit(50000)", ""]
)
# Modules that programs import, loaded once in a zygote instead of once in each child. Every library that is mapped
# and every page costs each child, so the second set is in the zygote of those alone that may want it.
COMMON = (
    *MODULES, "typing", "abc", "array", "ast", "atexit", "builtins", "cmath", "contextlib", "ctypes", "decimal", "enum",
    "faulthandler", "fractions", "keyword", "linecache", "numbers", "os", "queue", "shutil", "signal", "struct",
    "subprocess", "textwrap", "threading", "time", "token", "tokenize", "traceback", "types", "warnings", "weakref",
)  # fmt: skip
RARE = (
    "asyncio", "bz2", "calendar", "csv", "dataclasses", "fileinput", "hashlib", "inspect", "pathlib", "pickle",
    "platform", "pprint", "secrets", "select", "selectors", "sysconfig", "tempfile", "timeit", "unicodedata",
    "unittest", "uuid", "zlib", "concurrent.futures.thread", "encodings.idna", "encodings.latin_1", "graphlib",
    "multiprocessing", "resource", "socket",
)  # fmt: skip
_module = types.ModuleType("__main__")


def prepare() -> None:
    """Execute the header once, in the zygote."""
    exec(compile(TEXT, "<header>", "exec"), _module.__dict__)  # noqa: S102 - the text above


def take(name: str, file: str) -> types.ModuleType:
    """The module that a program runs in, in sys.modules under `name`.

    It is the zygote's own, which a child has for itself: a copy would touch the reference count of
    every name in it, and so copy the pages of all of them (0.9 ms).
    """
    namespace = _module.__dict__
    namespace.update(__name__=name, __doc__=None, __package__=None, __spec__=None, __loader__=None, __file__=file)
    sys.modules[name] = _module
    return _module


def take_hidden(name: str) -> types.ModuleType:
    """The same module as LiveCodeBench's grader has it: made by `ModuleType(name, "")`, and in no table.

    Names that stand for something else by now are bound again, as if the header were executed here.
    """
    namespace = _module.__dict__
    namespace.update(__name__=name, __doc__="")
    namespace.update(stdin=sys.stdin, stdout=sys.stdout, stderr=sys.stderr)
    namespace.update({name: getattr(builtins, name) for name in ("help", "quit")})
    return _module


def own_names(namespace: dict[str, Any]) -> list[str]:
    """The names that the program has added, newest first. Looks at no other, for the same reason."""
    return list(itertools.takewhile(lambda name: name != "__file__", reversed(namespace)))


def forget(*names: str) -> None:
    """Remove what a rehearsal has defined."""
    for name in names:
        _module.__dict__.pop(name, None)
