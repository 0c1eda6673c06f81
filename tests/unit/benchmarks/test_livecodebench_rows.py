"""One row of LiveCodeBench's schema: what is read, what is refused, and that nothing in it is executed."""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from pathlib import Path

import pytest

from farm.benchmarks.livecodebench import rows as lcb
from farm.errors import DatasetError
from farm.records import Difficulty, Problem
from tests.unit.benchmarks.rows import case, fields, packed, packed_bytes, parse_row, row


def parse(data: bytes | str) -> Problem:
    return parse_row(data, path="set.jsonl", row_number=7)


def refusal(data: bytes | str) -> str:
    with pytest.raises(DatasetError) as caught:
        parse(data)
    message = str(caught.value)
    assert message.startswith("set.jsonl:7: "), message
    assert "\n" not in message
    assert caught.value.row == 7
    return message


def test_a_row_becomes_a_problem_with_public_tests_first() -> None:
    problem = parse(row())
    assert (problem.problem_id, problem.platform, problem.difficulty) == ("abc001_a", "atcoder", Difficulty.EASY)
    assert (problem.title, problem.statement) == ("Echo", "Print what you read.")
    assert problem.contest_date == "2024-03-01T00:00:00"
    assert [(test.input, test.public) for test in problem.tests] == [("1\n", True), ("2\n", False)]
    assert not problem.functional


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_private_tests_are_read_from_any_pickle_protocol(protocol: int) -> None:
    private = json.dumps([case("é\n" * 300, "ü\n"), case("2", "2")], ensure_ascii=False)
    assert len(parse(row(private_test_cases=packed(private, protocol))).tests) == 3


def test_a_functional_row_keeps_starter_code_and_name() -> None:
    tests = json.dumps([case("[1]\n2", "3", "functional")])
    problem = parse(
        row(
            metadata='{"func_name": "add"}',
            starter_code="class Solution:\n    ",
            public_test_cases=tests,
            private_test_cases="[]",
        )
    )
    assert (problem.func_name, problem.starter_code) == ("add", "class Solution:\n    ")


def test_an_undecodable_functional_input_does_not_stop_the_load() -> None:
    tests = json.dumps([case("", "3", "functional")])
    assert parse(row(metadata='{"func_name": "f"}', public_test_cases=tests, private_test_cases="[]")).tests


def test_public_tests_alone_leave_private_ones_undecoded() -> None:
    problem = parse_row(row(private_test_cases="!"), path="p", row_number=1, tests="public")
    assert [test.public for test in problem.tests] == [True]


def test_public_tests_alone_must_exist() -> None:
    with pytest.raises(DatasetError, match="no public tests"):
        parse_row(row(public_test_cases="[]"), path="p", row_number=1, tests="public")


@pytest.mark.parametrize("name", lcb.FIELDS)
def test_each_field_must_be_there_and_a_string(name: str) -> None:
    without = fields()
    del without[name]
    assert f"field {name} is missing" in refusal(json.dumps(without))
    for value, found in ((None, "null"), (3, "a number"), ([], "a list"), (True, "a boolean")):
        assert f"{name}: a string is wanted, not {found}" in refusal(row(**{name: value}))
    assert f"{name} holds a lone surrogate" in refusal(row(**{name: "a\ud800"}))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"public_test_cases": "[]", "private_test_cases": "[]"}, "abc001_a: no tests"),
        ({"public_test_cases": "[]", "private_test_cases": packed("[]")}, "abc001_a: no tests"),
        ({"public_test_cases": ""}, "public_test_cases is not JSON"),
        ({"public_test_cases": "null"}, "public_test_cases: a list is wanted, not null"),
        ({"public_test_cases": "[" * 100_000}, "public_test_cases is not JSON"),
        ({"public_test_cases": "[1]"}, "public_test_cases[0]: an object is wanted, not a number"),
        ({"private_test_cases": ""}, "private_test_cases is empty"),
        ({"private_test_cases": "AAAA"}, "damaged zlib data"),
        ({"private_test_cases": "null"}, "damaged zlib data"),
        ({"private_test_cases": packed("null")}, "private_test_cases: a list is wanted, not null"),
        ({"private_test_cases": '[{"input": "1"'}, "private_test_cases is not JSON"),
        ({"private_test_cases": "no base64!"}, "neither JSON nor base64"),
        ({"private_test_cases": packed("[]")[:-8]}, "private_test_cases"),
        ({"metadata": ""}, "metadata is not JSON"),
        ({"metadata": "null"}, "metadata is null, not an object"),
        ({"metadata": '{"func_name": 3}'}, "metadata.func_name is no Python name"),
        ({"metadata": '{"func_name": "a b"}'}, "metadata.func_name is no Python name"),
        ({"metadata": '{"func_name": "f"}'}, "testtype is 'stdin', metadata says functional"),
        ({"difficulty": "Easy"}, "difficulty 'Easy' is none of easy, medium, hard"),
        ({"contest_date": "last week"}, "contest_date 'last week' is no ISO 8601 date"),
        ({"question_id": ""}, "question_id: "),
        ({"question_id": "a b"}, "question_id: "),
        ({"question_id": "a#1"}, "question_id: "),
    ],
)
def test_a_bad_field_is_named(changes: dict[str, object], reason: str) -> None:
    assert reason in refusal(row(**changes))


@pytest.mark.parametrize("name", ["input", "output", "testtype"])
def test_inputs_and_outputs_of_unequal_number_are_refused(name: str) -> None:
    test = case()
    del test[name]
    where = "private_test_cases[1]"
    tests = [case(), test]
    assert f"{where}.{name}: a string is wanted, not nothing" in refusal(row(private_test_cases=json.dumps(tests)))
    assert f"{where}.{name}" in refusal(row(private_test_cases=packed(json.dumps(tests))))


@pytest.mark.parametrize("testtype", ["functional", "file", ""])
def test_a_testtype_that_contradicts_metadata_is_refused(testtype: str) -> None:
    tests = json.dumps([case(), case(testtype=testtype)])
    assert "public_test_cases[1]: testtype is" in refusal(row(public_test_cases=tests))


def test_a_lone_surrogate_in_a_test_is_refused() -> None:
    reason = refusal(row(private_test_cases=packed(json.dumps([case("\udfff")]))))
    assert "private_test_cases[0].input holds a lone surrogate" in reason


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'{"a": NaN', b"\xff\xfe{}", b"[" * 100_000, "\ud800"])
def test_what_is_no_json_object_is_refused(data: bytes | str) -> None:
    refusal(data)


class Canary:
    """Unpickled by `pickle.loads`, it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (eval, (f"open({str(self.path)!r}, 'w').close() or '[]'",))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_would_run_code_is_refused_and_runs_nothing(tmp_path: Path, protocol: int) -> None:
    canary = tmp_path / "ran"
    pickled = pickle.dumps(Canary(canary), protocol=protocol)
    assert "the pickle is not one string" in refusal(row(private_test_cases=packed_bytes(pickled)))
    assert not canary.exists()


@pytest.mark.parametrize(
    "pickled",
    [
        pickle.dumps([case()]),
        pickle.dumps(b"[]"),
        pickle.dumps(None),
        b"\x80\x04Psecret\n.",  # a persistent id
        b"\x80\x04\x8c\x02[]Q.",  # a persistent id from the stack
        b"\x80\x04N" + b"r" + (1 << 31).to_bytes(4, "little") + b".",  # a memo index that would fill 32 GB
        b"\x80\x04.",
        b"\x80\x04\x8c\x02[]\x8c\x02[].",
        b"\x80\x04\x8c\x02[]",  # no STOP
        b"\x80\x04X\xff\xff\xff\x7f[].",  # a length beyond the data
        b"",
    ],
)
def test_a_pickle_of_anything_but_one_string_is_refused(pickled: bytes) -> None:
    assert "pickle" in refusal(row(private_test_cases=packed_bytes(pickled)))


def test_a_huge_memo_index_costs_nothing() -> None:
    text = json.dumps([case()])
    pickled = pickle.dumps(text).removesuffix(b".") + b"r" + (1 << 31).to_bytes(4, "little") + b"."
    assert len(parse(row(private_test_cases=packed_bytes(pickled))).tests) == 2


def test_decompressed_private_tests_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lcb, "MAX_PRIVATE_BYTES", 1 << 20)
    good = json.dumps([case("x" * 900_000)])
    assert len(parse(row(private_test_cases=packed(good))).tests) == 2
    bomb = json.dumps([case("x" * 2_000_000)])
    assert "take more than 1 MiB" in refusal(row(private_test_cases=packed(bomb)))


def test_what_follows_the_zlib_data_is_refused() -> None:
    blob = zlib.compress(pickle.dumps("[]")) + b"more"
    assert "something follows" in refusal(row(private_test_cases=base64.b64encode(blob).decode()))


LONG = "7" * 50_001


@pytest.mark.parametrize(
    ("given", "wanted", "place"),
    [("1", LONG, "output"), ("1", f"[1, -{LONG}]", "output"), (f"[2]\n{LONG}", "1", "input")],
)
def test_an_integer_that_no_judge_mode_reads_makes_a_bad_row(given: str, wanted: str, place: str) -> None:
    tests = json.dumps([case("1", "2", "functional"), case(given, wanted, "functional")])
    changes = {"metadata": '{"func_name": "f"}', "public_test_cases": "[]", "private_test_cases": tests}
    assert f"private_test_cases[1].{place}: an integer of more than 50000 digits" in refusal(row(**changes))


@pytest.mark.parametrize("wanted", ["7" * 50_000, f'"{LONG}"', f"{LONG[:-2]}.5", f"no JSON {LONG}"])
def test_other_long_values_are_no_fault_of_the_row(wanted: str) -> None:
    tests = json.dumps([case("1", wanted, "functional")])
    changes = {"metadata": '{"func_name": "f"}', "public_test_cases": tests, "private_test_cases": "[]"}
    assert len(parse(row(**changes)).tests) == 1
    assert len(parse(row(public_test_cases=json.dumps([case("1", LONG)]))).tests) == 2  # a program prints text


@pytest.mark.parametrize("field", ["public_test_cases", "private_test_cases"])
def test_a_key_that_occurs_twice_is_an_error(field: str) -> None:
    twice = '[{"input": "1", "input": "2", "output": "1", "testtype": "stdin"}]'
    assert f"{field} is not JSON: key 'input' occurs twice in one object" in refusal(row(**{field: twice}))
    assert "not JSON: key 'question_id' occurs twice" in refusal(row()[:-1] + b', "question_id": "other"}')


@pytest.mark.parametrize("shift", [0, 1, 25_000, 49_999, 50_000, 50_001])
def test_a_long_integer_is_found_wherever_it_stands(shift: int) -> None:
    for digits in 50_000, 50_001:
        tests = json.dumps([case("1", " " * shift + "7" * digits + " " * shift, "functional")])
        changes = {"metadata": '{"func_name": "f"}', "public_test_cases": tests, "private_test_cases": "[]"}
        if digits > 50_000:
            assert "an integer of more than 50000 digits" in refusal(row(**changes))
        else:
            assert len(parse(row(**changes)).tests) == 1
