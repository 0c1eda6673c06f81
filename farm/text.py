"""Text at the edge: bytes to str and back without loss, and str made safe to show.

Model output may hold anything: lone surrogates (from JSON escapes), NUL, terminal controls. Every
place that turns such text into bytes or shows it goes through here, so none of them can raise.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any, cast

_NOT_PLAIN = re.compile(r"[^\n\t\x20-\x7e]")  # the others need no look at their category


def encode(text: str) -> bytes:
    """UTF-8 bytes of any str. Lone surrogates become their three-byte form; `decode` restores them."""
    return text.encode("utf-8", "surrogatepass")


def decode(data: bytes) -> str:
    """The str that `encode` made these bytes from. Bytes that no str has raise UnicodeDecodeError."""
    return data.decode("utf-8", "surrogatepass")


def decode_output(data: bytes) -> str:
    """A program's output as str: UTF-8, each invalid byte as a lone surrogate (PEP 383)."""
    return data.decode("utf-8", "surrogateescape")


def encode_input(text: str) -> bytes:
    """A test's input as the bytes a program reads.

    The inverse of `decode_output` where possible; a surrogate that stands for no byte (a dataset's
    JSON escape) is passed on in its three-byte form.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def printable(text: str, limit: int = 4096) -> str:
    """Text that cannot act on a terminal: controls, surrogates and bidi marks are escaped.

    `limit` is in characters; what is cut is said. Newlines and tabs stay.
    """
    cut = text[:limit]
    shown = _NOT_PLAIN.sub(_shown, cut)
    return shown if len(text) <= limit else f"{shown}… ({len(text) - limit} more characters)"


def one_line(text: str, limit: int = 200) -> str:
    """`printable`, on one line."""
    return printable(" ".join(text.split()), limit)


def _shown(found: re.Match[str]) -> str:
    char = found[0]
    return char if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn") else _escape(char)


def _escape(char: str) -> str:
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def bytes_text(count: float) -> str:
    """A number of bytes for people: 1.5 GB."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.2f} GB"


def clock(seconds: float) -> str:
    """A span for people: 1:05 or 2:03:04."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def json_type(value: object) -> str:
    """What JSON calls the type of a decoded value, with an article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a list" if isinstance(value, list) else "an object"


def load_json(data: str | bytes) -> Any:
    """The value of JSON text in which no object has a key twice: one of the two values would be lost silently.

    Raises ValueError, and RecursionError for text that is nested too deeply.
    """
    return json.loads(data, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"key {one_line(repr(name), 60)} occurs twice in one object")
        found[name] = value
    return found


def longest_integer(data: str) -> int:
    """How many digits the longest integer of JSON text has. Raises ValueError and RecursionError as `load_json`."""
    lengths = [0]
    json.loads(data, parse_int=lambda digits: lengths.append(len(digits.lstrip("-"))))
    return max(lengths)


def json_or_text(text: str) -> Any:
    """What users write for a value: JSON where it is (true, 3, [1]), else the text itself."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return text


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def nested_deeper(value: object, most: int) -> bool:
    """Whether decoded JSON has more than `most` lists and dicts within one another.

    Since Python 3.13 `json.loads` goes on for thousands of levels, of which a comparison or a `repr` then dies.
    """
    level = [value] if type(value) in (list, dict) else []
    for _ in range(most):
        if not level:
            return False
        level = [
            part
            for holder in level
            for part in (holder.values() if type(holder) is dict else cast("list[object]", holder))
            if type(part) in (list, dict)
        ]
    return bool(level)
