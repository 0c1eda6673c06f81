"""Properties of reading, selecting and storing that hold for any input."""

from __future__ import annotations

import base64
import json
import pickle
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farm.datasets.completions import read_completions
from farm.datasets.reader import Place, ProblemHeader, ReadLog, read_problems
from farm.datasets.select import Selection, draw, select
from farm.datasets.store import BlobStore
from farm.errors import DatasetError, DigestMismatch
from farm.records import Difficulty
from tests.unit.benchmarks.rows import case, fields, packed, packed_bytes, parse_row, row

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def only_a_dataset_error(data: bytes | str) -> None:
    """Either the row is read, or one line says what is wrong with it."""
    try:
        assert parse_row(data, path="p", row_number=3).tests
    except DatasetError as exc:
        assert str(exc).startswith("p:3: ")
        assert "\n" not in str(exc)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4), st.sampled_from(["json", *range(6)]))
def test_tests_of_any_text_survive_both_forms(pairs: list[tuple[str, str]], form: str | int) -> None:
    text = json.dumps([case(*pair) for pair in pairs], ensure_ascii=form == 3)
    private = packed(text, form) if isinstance(form, int) else text
    problem = parse_row(row(private_test_cases=private), path="p", row_number=1)
    assert [(test.input, test.output) for test in problem.tests[1:]] == pairs


@given(st.binary(max_size=200))
def test_any_bytes_as_a_row_give_one_line(data: bytes) -> None:
    only_a_dataset_error(data)


@given(st.sampled_from(sorted(fields())), JSON | st.text(max_size=30) | JSON.map(json.dumps))
def test_any_value_in_any_field_gives_one_line(name: str, value: object) -> None:
    only_a_dataset_error(row(**{name: value}))


@given(st.binary(max_size=60))
def test_any_pickle_gives_one_line(pickled: bytes) -> None:
    only_a_dataset_error(row(private_test_cases=packed_bytes(pickled)))


GOOD_PICKLE = pickle.dumps(json.dumps([case()]))
GOOD_BLOB = zlib.compress(GOOD_PICKLE)


@given(st.data(), st.integers(0, 255))
def test_any_changed_byte_in_private_tests_gives_one_line(data: st.DataObject, value: int) -> None:
    at = data.draw(st.integers(0, len(GOOD_PICKLE) - 1))
    only_a_dataset_error(
        row(private_test_cases=packed_bytes(GOOD_PICKLE[:at] + bytes([value]) + GOOD_PICKLE[at + 1 :]))
    )
    at = data.draw(st.integers(0, len(GOOD_BLOB) - 1))
    blob = GOOD_BLOB[:at] + bytes([value]) + GOOD_BLOB[at + 1 :]
    only_a_dataset_error(row(private_test_cases=base64.b64encode(blob).decode()))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@given(st.lists(st.sampled_from([row(question_id="a"), row(question_id="b"), b"", b"{", b"\xff"]), max_size=6))
def test_skipped_and_loaded_rows_are_all_rows(folder: Path, lines: list[bytes]) -> None:
    path = folder / "rows.jsonl"
    path.write_bytes(b"\n".join(lines))
    log = ReadLog()
    try:
        found = [problem.problem_id for problem in read_problems(path, skip_bad_rows=True, log=log)]
    except DatasetError:
        found = []
    assert len(found) == log.loaded == len(set(lines) - {b"", b"{", b"\xff"})
    assert log.loaded + log.skipped == sum(bool(line) for line in lines)


@given(st.lists(st.tuples(st.text(min_size=1, max_size=5), st.text(max_size=30)), min_size=1, max_size=6))
def test_completions_of_any_text_are_read_as_written(folder: Path, pairs: list[tuple[str, str]]) -> None:
    path = folder / "completions.jsonl"
    path.write_text("".join(json.dumps({"question_id": name, "output": text}) + "\n" for name, text in pairs))
    found = list(read_completions(path))
    assert [(one.question_id, one.output) for one in found] == pairs
    assert len({(one.question_id, one.index) for one in found}) == len(pairs)


HEADERS = st.lists(
    st.tuples(st.sampled_from(["atcoder", "leetcode", "codeforces"]), st.sampled_from(list(Difficulty))),
    min_size=1,
    max_size=40,
).map(
    lambda strata: [
        ProblemHeader(f"p{at}", platform, difficulty, "", Place("p", at + 1))
        for at, (platform, difficulty) in enumerate(strata)
    ]
)


@given(HEADERS, st.integers(0, 5), st.data())
def test_a_draw_is_fair_nested_and_independent_of_the_order(
    headers: list[ProblemHeader], seed: int, data: st.DataObject
) -> None:
    limit = data.draw(st.integers(1, len(headers)))
    drawn = draw(headers, limit, seed)
    assert len(drawn) == limit
    assert drawn == draw(data.draw(st.permutations(headers)), limit, seed)
    assert draw(headers, data.draw(st.integers(1, limit)), seed) <= drawn
    sizes = Counter((one.difficulty, one.platform) for one in headers)
    taken = Counter((one.difficulty, one.platform) for one in headers if one.problem_id in drawn)
    # Sainte-Laguë: no stratum could give one up to another and both come nearer to their shares.
    assert all(
        (2 * taken[giver] - 1) * sizes[taker] <= (2 * taken[taker] + 1) * sizes[giver]
        for giver in sizes
        for taker in sizes
        if taken[giver] and taken[taker] < sizes[taker]
    )
    order = [one.problem_id for one in select(headers, Selection(limit=limit, seed=seed))]
    assert order == [one.problem_id for one in headers if one.problem_id in drawn]


@given(st.binary(max_size=3000))
@settings(max_examples=50)
def test_any_blob_comes_back(folder: Path, data: bytes) -> None:
    store = BlobStore(folder / "blobs")
    assert store.get(store.put(data)) == data


@given(st.data(), st.integers(1, 255))
def test_a_damaged_blob_is_never_read_as_another(folder: Path, data: st.DataObject, change: int) -> None:
    store = BlobStore(folder / "damaged")
    content = b"some content that compresses, content that compresses" * 9
    digest = store.put(content)
    path = folder / "damaged" / digest[:2] / f"{digest[2:]}.zst"
    stored = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(stored) - 1))
    stored[at] ^= change
    path.write_bytes(bytes(stored))
    try:
        assert store.get(digest) == content
    except DigestMismatch as exc:
        assert digest in str(exc)
