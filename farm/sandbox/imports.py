"""What a program's text says of its imports: whether the small zygote (farm/sandbox/slot.py) will do for it.

Only the cost depends on the answer, but for packages that a zygote loads ahead of its programs, such as
numpy: children of the small one cannot import them. So whatever is not plainly an import of small modules
counts as more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from farm.sandbox.inside.header import COMMON

# To the end of the line, so that a long line is read once
_STATEMENT = re.compile(rb"\b(from|import)\b[ \t]*([^\n\r;#]*)")
_INDIRECT = re.compile(rb"__import__|importlib|exec|eval")
_COMMON = frozenset(name.encode() for name in (*COMMON, "__future__")) - {b"ctypes"}  # which can import by itself


def wants_more(source: bytes, packages: Iterable[str]) -> bool:
    """Whether the program may import another module than the COMMON ones, or one of `packages`."""
    if _INDIRECT.search(source) or any(package.encode() in source for package in packages):
        return True
    return any(not _all_common(found[1], found[2]) for found in _STATEMENT.finditer(source))


def _all_common(keyword: bytes, rest: bytes) -> bool:
    names = [rest] if keyword == b"from" else rest.split(b",")
    return all(_first_word(name) in _COMMON for name in names)


def _first_word(text: bytes) -> bytes:
    words = text.split(None, 1)
    return words[0].partition(b".")[0] if words else b""
