"""Exports of a run, read back: by their own formats' rules, and by `farm import`. `scripts/check_exports.py` asks
the other tools themselves."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from farm.cli.compare.export import export
from farm.datasets.answers.answer_file import answer_file
from farm.datasets.foreign import read_foreign
from farm.datasets.store import BlobStore
from farm.errors import DatasetError, RunIncomplete
from farm.ledger.ledger import Ledger, PlannedProblem
from farm.records import Message, Prompt, Reference, SampleKey, Sampling, Verdict
from farm.reports.exports.lcb import file_stem
from tests.unit.plans import SUITE, SUITE_DIGEST, entry, result, spec

TEXT = "=cmd|' /C calc'!A0 \x00\x1b[31m\u202e \ud800 <script>|\n```python\nprint(1)\n```"
IDS = ("p0", "p1", "p2")
GPU = Reference(label="gpu_reference", score=50.0, source="https://example.org/1")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FARM_HOME", str(tmp_path))
    BlobStore(tmp_path / "blobs").put(SUITE.to_json())
    prompt = Prompt(messages=(Message(role="user", content="Solve \u202e"),)).to_json().decode()
    problems = [
        PlannedProblem(i, f"=T {i}", "atcoder", "easy", "2024-01-01T00:00:00", prompt, SUITE_DIGEST, 1, "Ask")
        for i in IDS
    ]
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        data = spec().dataset.model_copy(update={"problems": 3})
        run_spec = spec("evaluate", n=2, dataset=data, references=(GPU,), ks=(1, 2))
        keys = [SampleKey(i, index) for i in IDS for index in range(2)]
        for run_id, judged in (("run-1", keys), ("half", keys[:-1])):
            ledger.create_run(run_id, run_spec, problems, keys, [entry(key, TEXT) for key in keys])
            ledger.acquire(run_id).record_results(
                [result(key, Verdict.PASSED if key.problem_id == "p0" else Verdict.WRONG_ANSWER) for key in judged]
            )
    return tmp_path


def exported(form: str, home: Path, run_id: str = "run-1") -> list[Path]:
    arguments = [run_id, "--format", form, "--out", str(home / "out"), "--model-id", "id_x_m_n300"]
    done = CliRunner().invoke(export, arguments, standalone_mode=False, catch_exceptions=False)
    return [Path(line) for line in done.output.splitlines()]


def loaded(path: Path) -> Any:
    return json.loads(path.read_text())


def test_livecodebench_reads_scores_codes_and_programs(home: Path) -> None:
    output, evaluation, everything = exported("livecodebench", home)
    assert output.name == "Scenario.codegeneration_2_0.0.json"
    assert everything.name == "Scenario.codegeneration_2_0.0_eval_all.json"
    assert [row["graded_list"] for row in loaded(everything)] == [[True, True], [False, False], [False, False]]
    metrics, codes, metadata = loaded(evaluation)
    assert metrics["pass@1"] == 1 / 3 and codes == {"0": [[True]] * 2, "1": [[-2]] * 2, "2": [[-2]] * 2}
    assert json.loads(metadata[1][0])["error_code"] == -2
    assert loaded(output)[0]["output_list"] == [TEXT, TEXT] and loaded(output)[0]["code_list"] == ["print(1)"] * 2


def test_lm_eval(home: Path) -> None:
    results, samples = exported("lm-eval", home)
    value = loaded(results)
    (task,) = value["results"]
    assert value["results"][task]["acc,none"] == 1 / 3 and value["n-samples"][task] == {"original": 3, "effective": 3}
    rows = [json.loads(line) for line in samples.read_text().splitlines()]
    assert rows[0]["resps"] == [[TEXT, TEXT]] and rows[0]["acc"] == 1.0
    assert results.parent.name == "org__m" and samples.name.startswith(f"samples_{task}_")


def test_tt_inference_server_in_both_forms(home: Path) -> None:
    report, results, _ = exported("tt", home)
    value = loaded(report)
    assert report.parent == home / "out" / "reports_output" / "evals" / "data"
    assert value["sections"][0]["data"]["accuracy_check"] == 3 and value["acceptance_criteria"] is False
    assert value["sections"][0]["id"] == "m_N300"
    assert results.parent.parent == home / "out" / "evals_output" / "eval_id_x_m_n300"
    seed, rows, summary, *_ = exported("tt-seed", home)
    assert seed.parent == home / "out" / "reports_output" / "release" / "data"
    assert loaded(seed)["evals"] == loaded(rows) and loaded(rows)[0]["accuracy_check"] == 3
    assert loaded(rows)[0]["score"] == pytest.approx(100 / 3)
    assert summary.read_text().startswith("### Accuracy Evaluations for m on n300")


def test_inspect(home: Path) -> None:
    (path,) = exported("inspect", home)
    value = loaded(path)
    assert (value["version"], value["status"], len(value["samples"])) == (2, "success", 6)
    assert value["samples"][0]["scores"]["farm"]["value"] == "C" and value["samples"][1]["epoch"] == 2
    assert value["results"]["scores"][0]["metrics"]["accuracy"]["value"] == 1 / 3


def test_csv_is_no_formula_and_no_control(home: Path) -> None:
    (path,) = exported("csv", home)
    text = path.read_text()
    assert not any(char in text for char in "\x00\x1b\u202e")
    rows = list(csv.DictReader(text.splitlines(keepends=True)))
    assert [row["verdict"] for row in rows] == ["PASSED"] * 2 + ["WRONG_ANSWER"] * 4
    assert rows[0]["title"] == "'=T p0" and rows[0]["answer"].startswith("'=cmd")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_table_gives_each_program_back(home: Path, form: str) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow.parquet")
    programs = ["x = 1\r\nprint(x)\r\n", "\tif 1:\x0c\n\t  pass", "\rprint(1)", "=1", "'=1", "", 'print("a,b\\n")\n']
    problem = PlannedProblem("p0", "T", "atcoder", "easy", "", None, SUITE_DIGEST, 1, "Ask")
    keys = [SampleKey("p0", index) for index in range(len(programs))]
    given = [entry(key, program) for key, program in zip(keys, programs, strict=True)]
    as_code = [replace(one, completion=one.completion.model_copy(update={"form": "program"})) for one in given]
    with Ledger(f"sqlite:///{home / 'ledger.db'}") as ledger:
        ledger.create_run("code", spec("grade"), [problem], keys, as_code)
        ledger.acquire("code").record_results([result(key) for key in keys])
    (path,) = exported(form, home, "code")
    assert [(row.output, row.code) for row in answer_file(path).rows()] == [(None, program) for program in programs]


def test_parquet(home: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    (path,) = exported("parquet", home)
    table = parquet.read_table(path)
    assert table.num_rows == 6 and table.column("passed").to_pylist() == [True, True] + [False] * 4


@pytest.mark.parametrize(
    ("protocol", "task", "key"),
    [
        ("tt@1", "livecodebench", "acc,none"),
        ("humaneval@1", "humaneval", "pass@1,create_test"),
        ("execution@1", "livecodebench-execution", "acc,none"),
        ("gone@1", "d", "acc,none"),  # of another version of farm
    ],
)
def test_a_graded_run_names_what_was_measured_and_nothing_that_is_not_known(
    home: Path, protocol: str, task: str, key: str
) -> None:
    keys = [SampleKey("p0", 0)]
    problem = PlannedProblem("p0", "T", "atcoder", "easy", "", None, SUITE_DIGEST, 1, "Ask")
    with Ledger(f"sqlite:///{home / 'ledger.db'}") as ledger:
        run_spec = spec("grade", protocol=protocol, eval_task="grade")
        ledger.create_run("graded", run_spec, [problem], keys, [entry(key, TEXT) for key in keys])
        ledger.acquire("graded").record_results([result(key) for key in keys])
    results, samples = exported("lm-eval", home, "graded")
    value = loaded(results)
    assert list(value["results"]) == [task] and value["results"][task][key] == 1.0
    assert value["configs"][task]["generation_kwargs"] == {} and value["config"]["random_seed"] is None
    assert json.loads(samples.read_text())["arguments"]["gen_args_0"]["arg_1"] == {}
    (log,) = exported("inspect", home, "graded")
    told = loaded(log)["eval"]
    assert (told["task"], told["model_generate_config"]) == (task, {})
    assert log.name.split("_")[1] == task.replace("_", "-")


def test_an_unfinished_run_has_no_export_that_cannot_say_so(home: Path) -> None:
    for form in ("livecodebench", "lm-eval", "tt", "tt-seed"):
        with pytest.raises(RunIncomplete, match="for which this format has no word"):
            exported(form, home, "half")
    assert loaded(exported("inspect", home, "half")[0])["status"] == "cancelled"


def test_what_was_exported_can_be_imported(home: Path) -> None:
    output, _, everything = exported("livecodebench", home)
    _, samples = exported("lm-eval", home)
    for path in output, everything, samples:
        rows = list(read_foreign(path))
        assert [(row.question_id, row.index) for row in rows] == [(i, n) for i in IDS for n in range(2)]
        assert {(row.output, row.code) for row in rows} == {(TEXT, "print(1)")}


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": 1}', '[{"question_id": "p"}]'])
def test_what_is_no_output_is_said_with_its_place(home: Path, text: str) -> None:
    for name in ("x.json", "x.jsonl"):
        (home / name).write_text(text)
        with pytest.raises(DatasetError, match=name):
            list(read_foreign(home / name))


@pytest.mark.parametrize(
    ("kind", "protocol", "temperature", "name"),
    [
        ("evaluate", "official@1", 0.2, "Scenario.codegeneration_1_0.2"),
        ("evaluate", "self-repair@1", 0.2, "Scenario.selfrepair_1_0.2"),
        ("evaluate", "execution-cot@1", 0.2, "Scenario.codeexecution_1_0.2_cot"),
        ("grade", "test-output@1", None, "Scenario.testoutputprediction_1_unknown"),
        ("grade", "official@1", 0.2, "Scenario.codegeneration_1_unknown"),  # of no request that farm made
    ],
)
def test_livecodebenchs_files_are_named_by_what_was_measured(
    kind: str, protocol: str, temperature: float | None, name: str
) -> None:
    assert file_stem(spec(kind, protocol=protocol, sampling=Sampling(n=1, temperature=temperature))) == name
