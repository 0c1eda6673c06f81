"""Rows of LiveCodeBench's code generation -> Problem.

The rows come from the network, so nothing in them is trusted: private tests are a pickle in the wild,
and LiveCodeBench (`lcb_runner/benchmarks/code_generation.py`) hands it to `pickle.loads`. Here it is
read by an unpickler that knows the opcodes of one string and no others. A row that cannot be read whole
is an error, never a problem with fewer tests: a missing test would make the problem easier in silence.
"""

from __future__ import annotations

import base64
import binascii
import pickletools
import re
import zlib
from datetime import datetime
from typing import IO, NamedTuple, cast

from pydantic import ValidationError

from farm.benchmarks.livecodebench.answer_rules import rule_of
from farm.benchmarks.rows import Fields, Header, RowError, Tests
from farm.records import Difficulty, Problem, TestCase
from farm.records.limits import MAX_INT_DIGITS
from farm.text import json_type, load_json, longest_integer, one_line

MAX_PRIVATE_BYTES = 512 << 20  # of one problem's private tests, decompressed

FIELDS = (
    "question_id", "question_title", "question_content", "platform", "difficulty", "contest_id", "contest_date",
    "starter_code", "public_test_cases", "private_test_cases", "metadata",
)  # fmt: skip

_COPIED_BYTES = 1 << 20

_DIGITS = re.compile("[0-9]*")

_TEXT_OPCODES = frozenset({"UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"})
_FRAMING_OPCODES = frozenset({"PROTO", "FRAME", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT", "STOP"})


class Head(NamedTuple):
    """The fields of a row but its private tests, each checked alone; public tests still as they are written."""

    problem_id: str
    title: str
    statement: str
    platform: str
    difficulty: Difficulty
    contest_id: str
    contest_date: str
    starter_code: str
    func_name: str | None
    public_tests: str


def header_of(fields: Fields) -> Header:
    """What a selection looks at; the tests stay undecoded. Raises RowError."""
    head = _head(fields)
    return Header(head.problem_id, head.platform, head.difficulty, head.contest_date)


def problem_of(fields: Fields, tests: Tests = "all") -> Problem:
    """The problem of one row of LiveCodeBench's official schema, public tests before private ones.

    `tests="public"` leaves the private tests out without decoding them. They are taken out of `fields`,
    so that each form of them can be freed when the next one is there: they may be 100 MB. Raises RowError
    for whatever cannot be read: missing fields, contradictions, undecodable or absent tests.
    """
    head = _head(fields)
    cases = _cases("public_test_cases", _json("public_test_cases", head.public_tests), head.func_name, public=True)
    if tests == "all":
        private = _private(str(fields.pop("private_test_cases")))
        cases += _cases("private_test_cases", private, head.func_name, public=False)
    if not cases:
        raise RowError("no tests" if tests == "all" else "no public tests")
    return _problem(head, cases)


def _head(fields: Fields) -> Head:
    missing = [name for name in FIELDS if name not in fields]
    if missing:
        raise RowError(f"field {', '.join(missing)} is missing")
    texts: dict[str, str] = {}
    for name in FIELDS:
        value = fields[name]
        if not isinstance(value, str):
            raise RowError(f"{name}: a string is wanted, not {json_type(value)}")
        _refuse_surrogates(name, value)
        texts[name] = value
    return Head(
        problem_id=texts["question_id"],
        title=texts["question_title"],
        statement=texts["question_content"],
        platform=texts["platform"],
        difficulty=difficulty_of(texts["difficulty"]),
        contest_id=texts["contest_id"],
        contest_date=contest_date_of(texts["contest_date"]),
        starter_code=texts["starter_code"],
        func_name=_func_name(texts["metadata"]),
        public_tests=texts["public_test_cases"],
    )


def _refuse_surrogates(name: str, text: str) -> None:
    # A record's JSON could be written but not read again, and no program could read such an input.
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        raise RowError(f"{name} holds a lone surrogate at character {exc.start}") from exc


def difficulty_of(text: str) -> Difficulty:
    try:
        return Difficulty(text)
    except ValueError as exc:
        raise RowError(f"difficulty {one_line(text, 40)!r} is none of {', '.join(Difficulty)}") from exc


def contest_date_of(text: str) -> str:
    try:
        if text:
            datetime.fromisoformat(text)
    except ValueError as exc:
        raise RowError(f"contest_date {one_line(text, 40)!r} is no ISO 8601 date") from exc
    return text


def _func_name(metadata: str) -> str | None:
    value = _json("metadata", metadata)
    if not isinstance(value, dict):
        raise RowError(f"metadata is {json_type(value)}, not an object")
    name = value.get("func_name")
    if name is None:
        return None
    if not isinstance(name, str) or not name.isidentifier():
        raise RowError("metadata.func_name is no Python name")
    return name


def _problem(head: Head, cases: list[TestCase]) -> Problem:
    try:
        return Problem(
            problem_id=head.problem_id,
            title=head.title,
            statement=head.statement,
            platform=head.platform,
            difficulty=head.difficulty,
            contest_id=head.contest_id,
            contest_date=head.contest_date,
            starter_code=head.starter_code,
            func_name=head.func_name,
            tests=tuple(cases),
            answers=rule_of(head.platform, head.problem_id),
        )
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        name = "question_id" if first["loc"][:1] == ("problem_id",) else ".".join(str(part) for part in first["loc"])
        raise RowError(f"{name}: {one_line(first['msg'])}") from exc


def _cases(field: str, value: object, func_name: str | None, *, public: bool) -> list[TestCase]:
    if not isinstance(value, list):
        raise RowError(f"{field}: a list is wanted, not {json_type(value)}")
    kind = "stdin" if func_name is None else "functional"
    cases = []
    for index, test in enumerate(value):
        where = f"{field}[{index}]"
        if not isinstance(test, dict):
            raise RowError(f"{where}: an object is wanted, not {json_type(test)}")
        texts = []
        for name in ("input", "output", "testtype"):
            text = test.get(name)
            if not isinstance(text, str):
                found = json_type(text) if name in test else "nothing"
                raise RowError(f"{where}.{name}: a string is wanted, not {found}")
            _refuse_surrogates(f"{where}.{name}", text)
            texts.append(text)
        if texts[2] != kind:
            raise RowError(f"{where}: testtype is {one_line(texts[2], 40)!r}, metadata says {kind}")
        if func_name is not None:
            _refuse_long_integers(where, texts[0], texts[1])
        cases.append(TestCase(input=texts[0], output=texts[1], public=public))
    return cases


def _refuse_long_integers(where: str, *texts: str) -> None:
    """No judge mode can read such a test, so every program would be unjudged on it, one by one."""
    for name, text in zip(("input", "output"), texts, strict=True):
        if _has_long_digits(text) and any(map(_has_long_integer, text.split("\n"))):
            raise RowError(f"{where}.{name}: an integer of more than {MAX_INT_DIGITS} digits")


def _has_long_digits(text: str) -> bool:
    """Whether a run of digits is too long, perhaps of an integer, perhaps within a text.

    Such a run covers one of the places that are looked at. A regular expression over the whole text takes 0.1 s a MB.
    """
    wanted = MAX_INT_DIGITS + 1
    for place in range(0, len(text), wanted):
        before, after = text[max(0, place - wanted) : place][::-1], text[place : place + wanted]
        run = sum(len(found[0]) for part in (before, after) if (found := _DIGITS.match(part)))
        if text[place].isdecimal() and run >= wanted:
            return True
    return False


def _has_long_integer(text: str) -> bool:
    try:
        return longest_integer(text) > MAX_INT_DIGITS
    except (ValueError, RecursionError):
        return False  # not JSON: `farm dataset verify` names it


def _json(field: str, text: str) -> object:
    try:
        return load_json(text)
    except (ValueError, RecursionError) as exc:
        raise RowError(f"{field} is not JSON: {one_line(str(exc))}") from exc


def _private(text: str) -> object:
    """Private tests in either form: JSON, or base64(zlib(pickle(JSON text)))."""
    if not text.strip():
        raise RowError("private_test_cases is empty")
    if text.lstrip()[:1] in ("[", "{"):  # neither begins base64
        return _json("private_test_cases", text)
    try:
        compressed = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise RowError(f"private_test_cases is neither JSON nor base64: {one_line(str(exc))}") from exc
    del text
    plain = _decompress(compressed)
    del compressed
    json_text = _unpickle_text(plain)
    del plain
    return _json("private_test_cases", json_text)


def _decompress(data: bytes) -> bytes:
    decoder = zlib.decompressobj()
    try:
        plain = decoder.decompress(data, MAX_PRIVATE_BYTES + 1)
    except zlib.error as exc:
        raise RowError(f"private_test_cases: damaged zlib data: {one_line(str(exc))}") from exc
    if len(plain) > MAX_PRIVATE_BYTES:
        raise RowError(f"private_test_cases take more than {MAX_PRIVATE_BYTES >> 20} MiB")
    if not decoder.eof:
        raise RowError("private_test_cases: the zlib data is cut short")
    if decoder.unused_data:
        raise RowError("private_test_cases: something follows the zlib data")
    return plain


class _PickleFile:
    """A pickle as the file that pickletools reads: large arguments come as views, not as copies."""

    def __init__(self, data: bytes) -> None:
        self._data, self._view, self._at = data, memoryview(data), 0

    def read(self, size: int) -> bytes | memoryview:
        start, self._at = self._at, min(self._at + size, len(self._data))
        return (self._data if size < _COPIED_BYTES else self._view)[start : self._at]

    def readline(self) -> bytes:
        start = self._at
        self._at = self._data.find(b"\n", start) + 1 or len(self._data)
        return self._data[start : self._at]

    def tell(self) -> int:
        return self._at


def _unpickle_text(data: bytes) -> str:
    """The str that was pickled, by any protocol that Python 3 writes.

    Refuses every opcode that does not frame or hold a text, so no class is looked up, no persistent id
    loaded and nothing called. `pickle.Unpickler` with a raising `find_class` would still obey the memo
    opcodes: 14 bytes with a large memo index make it fill gigabytes (measured: 2 GB, 10 s).
    """
    texts: list[str] = []
    try:
        for opcode, argument, _ in pickletools.genops(cast(IO[bytes], _PickleFile(data))):
            if opcode.name in _TEXT_OPCODES:
                assert isinstance(argument, str)
                texts.append(argument)
            elif opcode.name not in _FRAMING_OPCODES:
                raise RowError(f"private_test_cases: the pickle is not one string (opcode {opcode.name})")
    except (ValueError, OverflowError) as exc:
        raise RowError(f"private_test_cases: damaged pickle: {one_line(str(exc))}") from exc
    if len(texts) != 1:
        raise RowError(f"private_test_cases: the pickle holds {len(texts)} strings, not one")
    return texts[0]
