"""Malformed arguments and files end a command in one line that says what is wrong, and write nothing elsewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from farm.datasets.completions import read_completions
from farm.datasets.foreign import own_scores, read_foreign
from farm.errors import ConfigError, DatasetError
from farm.records.base import MAX_INDEX
from farm.reports.write import path_part
from tests.support.farm_process import environment

TOO_LARGE = ("2147483648", "9223372036854775808", "18446744073709551616", "1" + "0" * 400)


@pytest.mark.parametrize("index", ["-1", "1.0", "1.5", "true", "1e400", "NaN", '"0"', "[]", "{}", *TOO_LARGE])
def test_an_index_that_no_ledger_holds_names_its_row(tmp_path: Path, index: str) -> None:
    file = tmp_path / "c.jsonl"
    good = '{"question_id": "p", "index": %s, "code": "x"}\n'
    file.write_text(good % MAX_INDEX + good % index)
    with pytest.raises(DatasetError, match=r"c\.jsonl:2: "):
        list(read_completions(file))


@pytest.mark.parametrize("metrics", ['[["acc"]]', '[{"a": 1}]', "[null]", "[[], 1.5]", "[1e400]"])
def test_metrics_of_any_form_say_nothing(tmp_path: Path, metrics: str) -> None:
    file = tmp_path / "samples.jsonl"
    file.write_text(f'{{"doc": {{"question_id": "p"}}, "resps": [["x"]], "acc": 1, "metrics": {metrics}}}\n')
    assert [row.output for row in read_foreign(file)] == ["x"] and own_scores(file) == {}


def test_a_score_beyond_all_floats_is_none(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    file.write_text('[{"question_id": "p", "code_list": ["x"], "graded_list": [1%s]}]' % ("0" * 400))
    assert [row.code for row in read_foreign(file)] == ["x"] and own_scores(file) == {}


@pytest.mark.parametrize(
    "name", ["../../x", "..", ".", "", " ", "a/b", "/etc/x", "a\\b", "a\0b", "a\nb", "x" * 151, "\ud800", "é" * 80]
)
def test_a_name_that_leads_elsewhere_is_no_part_of_a_path(name: str) -> None:
    with pytest.raises(ConfigError, match=r"--model-id: .* cannot be the name of a file"):
        path_part(name, "--model-id")


@pytest.mark.parametrize("name", ["id_tt_Llama-3.2-3B-Instruct_n300", "a b", "..a", "é", "x" * 150])
def test_an_ordinary_name_is_one(name: str) -> None:
    assert path_part(name, "--model-id") == name


def test_an_argument_that_is_no_utf_8_is_named(tmp_path: Path) -> None:
    command: list[str | bytes] = [sys.executable, "-m", "farm", "inspect", b"run-\xff"]
    done = subprocess.run(command, capture_output=True, env=environment(tmp_path), check=False)
    assert done.returncode == 2 and b"not UTF-8: run-\\udcff" in done.stderr and b"Traceback" not in done.stderr
