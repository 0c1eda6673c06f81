"""Files of rows: both encodings, damage, skipping, caps, and memory that one row bounds."""

from __future__ import annotations

import gzip
import json
import os
import tracemalloc
from pathlib import Path

import pytest

from farm.datasets.reader import Place, ReadLog, read_headers, read_problems
from farm.errors import DatasetError
from tests.support.data import shared
from tests.unit.benchmarks.rows import case, row


def rows(*names: str) -> list[bytes]:
    return [row(question_id=name) for name in names]


def write(path: Path, lines: list[bytes], end: bytes = b"\n") -> Path:
    path.write_bytes(b"".join(line + end for line in lines))
    return path


def ids(path: Path, **options: object) -> list[str]:
    return [problem.problem_id for problem in read_problems(path, **options)]  # type: ignore[arg-type]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return tmp_path / "set.jsonl"


def test_plain_and_gzip_files_are_told_apart_by_their_bytes(dataset: Path) -> None:
    write(dataset, rows("a", "b"))
    zipped = dataset.with_name("looks-plain.jsonl")
    zipped.write_bytes(gzip.compress(dataset.read_bytes()[:100]) + gzip.compress(dataset.read_bytes()[100:]))
    assert ids(dataset) == ids(zipped) == ["a", "b"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n", b" \t\n"])
def test_bom_line_ends_and_blank_lines_do_not_matter(dataset: Path, end: bytes) -> None:
    lines = rows("a", "b")
    dataset.write_bytes(b"\xef\xbb\xbf" + lines[0] + end + lines[1])
    assert ids(dataset) == ["a", "b"]


def test_a_bad_row_stops_the_load_with_its_line_number(dataset: Path) -> None:
    write(dataset, [*rows("a"), b"", b"{oops", *rows("b")])
    problems = read_problems(dataset)
    assert next(problems).problem_id == "a"
    with pytest.raises(DatasetError, match=r"set\.jsonl:3: not JSON") as caught:
        next(problems)
    assert caught.value.row == 3


def test_bad_rows_are_skipped_and_counted_on_request(dataset: Path) -> None:
    write(dataset, [b"{oops", *rows("a"), row(question_id="b", private_test_cases="!"), *rows("c")])
    log = ReadLog()
    assert ids(dataset, skip_bad_rows=True, log=log) == ["a", "c"]
    assert (log.loaded, log.skipped) == (2, 2)
    assert "set.jsonl:1: not JSON" in log.reasons[0]
    assert "set.jsonl:3: b: private_test_cases" in log.reasons[1]


def test_an_id_that_occurs_twice_is_refused(dataset: Path) -> None:
    write(dataset, rows("a", "b", "a"))
    with pytest.raises(DatasetError, match=r":3: problem id 'a' occurs in .*set\.jsonl:1 already"):
        ids(dataset)
    assert ids(dataset, skip_bad_rows=True) == ["a", "b"]
    with pytest.raises(DatasetError, match="occurs in"):
        list(read_headers(dataset))


def test_an_id_that_occurs_in_two_files_is_refused(tmp_path: Path) -> None:
    paths = [write(tmp_path / "one.jsonl", rows("a")), write(tmp_path / "two.jsonl", rows("b", "a"))]
    with pytest.raises(DatasetError, match=r"two\.jsonl:2: problem id 'a' occurs in .*one\.jsonl:1"):
        list(read_problems(paths))


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xef\xbb\xbf", gzip.compress(b"", mtime=0)])
def test_an_empty_dataset_is_an_error(dataset: Path, content: bytes) -> None:
    dataset.write_bytes(content)
    with pytest.raises(DatasetError, match="holds no problem"):
        ids(dataset)
    with pytest.raises(DatasetError, match="holds no problem"):
        list(read_headers(dataset))


def test_a_dataset_of_bad_rows_alone_is_an_error_that_shows_the_first(dataset: Path) -> None:
    write(dataset, [b"1", b"2"])
    with pytest.raises(DatasetError, match=r"2 bad rows were skipped; the first: .*:1: a JSON object is wanted"):
        ids(dataset, skip_bad_rows=True)


@pytest.mark.parametrize("cut", [5, 60, -4])
def test_a_cut_gzip_file_is_an_error_even_when_skipping(dataset: Path, cut: int) -> None:
    dataset.write_bytes(gzip.compress(b"\n".join(rows("a", "b")))[:cut])
    with pytest.raises(DatasetError, match="gzip data is damaged"):
        ids(dataset, skip_bad_rows=True)


def test_a_damaged_gzip_file_is_an_error(dataset: Path) -> None:
    data = bytearray(gzip.compress(b"\n".join(rows("a", "b")), mtime=0))
    data[-6] ^= 0xFF  # in the checksum
    dataset.write_bytes(data)
    with pytest.raises(DatasetError, match="gzip data is damaged"):
        ids(dataset)


def test_a_last_row_cut_short_is_an_error(dataset: Path) -> None:
    dataset.write_bytes(b"\n".join(rows("a", "b"))[:-40])
    with pytest.raises(DatasetError, match=":2: not JSON"):
        ids(dataset)


@pytest.mark.parametrize("missing", ["absent.jsonl", "."])
def test_a_path_that_cannot_be_read_is_named(tmp_path: Path, missing: str) -> None:
    with pytest.raises(DatasetError, match="cannot read: "):
        list(read_problems(tmp_path / missing))


def test_a_row_at_the_cap_is_read_and_one_beyond_is_not(dataset: Path) -> None:
    lines = [*rows("a"), row(question_id="b", question_content="x" * 3000), *rows("c")]
    write(dataset, lines)
    assert ids(dataset, max_row_bytes=len(lines[1])) == ["a", "b", "c"]
    with pytest.raises(DatasetError, match=r":2: the row is larger than the row size cap"):
        ids(dataset, max_row_bytes=len(lines[1]) - 1)
    log = ReadLog()
    assert ids(dataset, max_row_bytes=1000, skip_bad_rows=True, log=log) == ["a", "c"]
    assert log.skipped == 1


def test_a_row_of_200_mb_is_skipped_and_the_next_one_read(dataset: Path) -> None:
    with dataset.open("wb") as stream:
        stream.truncate(200 << 20)  # a hole: NUL bytes without a line end
        stream.seek(0, os.SEEK_END)
        stream.write(b"\n" + rows("a")[0])
    log = ReadLog()
    assert ids(dataset, skip_bad_rows=True, log=log) == ["a"]
    assert "larger than the row size cap" in log.reasons[0]


def test_memory_is_bounded_by_a_row_not_by_the_file(dataset: Path) -> None:
    big = json.dumps([case("7" * 200_000)])
    with gzip.open(dataset, "wb", compresslevel=1) as stream:
        for number in range(60):
            stream.write(row(question_id=f"p{number}", private_test_cases=big) + b"\n")
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_problems(dataset)) == 60
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 * 200_000  # a row in its successive forms; all of them would be 60 times the row


def test_headers_say_where_a_problem_stands_and_places_limit_the_second_pass(dataset: Path) -> None:
    write(dataset, rows("a", "b", "c"))
    headers = list(read_headers(dataset))
    assert [(header.problem_id, header.place.row) for header in headers] == [("a", 1), ("b", 2), ("c", 3)]
    assert ids(dataset, places={headers[2].place}) == ["c"]


def test_rows_that_are_not_chosen_are_not_even_parsed(dataset: Path) -> None:
    write(dataset, [b"{oops", *rows("a")])
    assert ids(dataset, places={Place(str(dataset), 2)}) == ["a"]


def test_headers_leave_tests_undecoded(dataset: Path) -> None:
    write(dataset, [row(private_test_cases="!")])
    assert len(list(read_headers(dataset))) == 1


def test_a_row_that_both_passes_skip_is_counted_once(dataset: Path) -> None:
    write(dataset, [b"1", *rows("a")])
    log = ReadLog()
    list(read_headers(dataset, skip_bad_rows=True, log=log))
    assert ids(dataset, skip_bad_rows=True, log=log) == ["a"]
    assert log.skipped == 1


def test_the_official_rows_have_all_their_tests() -> None:
    problems = read_problems(shared("lcb_full3_official_schema.jsonl"))
    found = {problem.problem_id: (len(problem.tests), problem.func_name) for problem in problems}
    assert found == {"1873_A": (5, None), "2727": (14, "countSeniors"), "abc301_a": (15, None)}


def test_the_60_sample_problems_load() -> None:
    problems = list(read_problems(shared("lcb_sample_problems.jsonl")))
    assert len(problems) == 60
    assert sum(problem.functional for problem in problems) == 27
    public = list(read_problems(shared("lcb_sample_problems.jsonl"), tests="public"))
    assert all(test.public for problem in public for test in problem.tests)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "a git-LFS pointer"),
        (b"\n  <!DOCTYPE html><html>", "not JSON"),  # not at the very beginning: a bad row like others
        (b"<!doctype HTML>\n<p>404", "an HTML or XML page"),
        (b"PAR1\x00\x00", "a parquet file"),
        (b"PK\x03\x04\x00", "a zip archive"),
        (b"\x28\xb5\x2f\xfd\x00", "zstd data"),
    ],
)
def test_what_is_plainly_no_dataset_is_named(dataset: Path, content: bytes, what: str) -> None:
    dataset.write_bytes(content)
    with pytest.raises(DatasetError, match=what):
        ids(dataset)


def test_a_pointer_is_not_skipped_as_a_bad_row(dataset: Path) -> None:
    dataset.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n" + rows("a")[0])
    with pytest.raises(DatasetError, match="git lfs pull, or farm dataset pull"):
        ids(dataset, skip_bad_rows=True)
