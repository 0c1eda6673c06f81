"""Which benchmarks there are, and what is said of a package that cannot be one."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import ValidationError

from farm.benchmarks import (
    Answer,
    Benchmark,
    DataFile,
    Download,
    Fields,
    Header,
    RowError,
    Rows,
    Tests,
    Wrong,
    make_problem,
    registry,
)
from farm.benchmarks.humaneval import COMPLETION
from farm.benchmarks.registry import (
    LM_EVAL,
    benchmark_of,
    benchmarks,
    checker_of,
    errata_of,
    extractor,
    lm_eval_tasks,
    load_all,
)
from farm.datasets.reader import read_problems
from farm.errors import BenchmarkError, ConfigError, DatasetError
from farm.protocols import choose, extract_program, get, names
from farm.records import Extraction, Problem, TestCase
from tests.support.data import ROOT
from tests.support.farm_process import FarmProcess, environment


def header_of(fields: Fields) -> Header:
    return Header(str(fields["name"]), "tiny")


def problem_of(fields: Fields, tests: Tests) -> Problem:
    return make_problem(
        problem_id=header_of(fields).problem_id,
        title="t",
        statement=fields["ask"],
        platform="tiny",
        tests=(TestCase(input="1", output="1"),),
    )


TINY = Benchmark(
    name="tiny", rows=Rows(marks=frozenset({"name", "ask"}), header_of=header_of, problem_of=problem_of)
)  # fmt: skip


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module whose names entry points can lead to."""
    module = ModuleType("tests_own_benchmarks")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def point(name: str, value: str = "") -> EntryPoint:
    return EntryPoint(name, value or f"tests_own_benchmarks:{name}", registry.GROUP)


def test_each_protocol_and_task_is_of_one_benchmark() -> None:
    everything = [p.ident for b in benchmarks().values() for p in (*b.protocols, *b.follow_ups)]
    assert len(set(everything)) == len(everything)
    assert set(names()) <= set(everything)
    tasks = [task.name for b in benchmarks().values() for task in b.lm_eval_tasks]
    assert sorted(lm_eval_tasks()) == sorted(tasks)
    assert {get(task.protocol).ident for task in lm_eval_tasks().values()} == {
        task.protocol for task in lm_eval_tasks().values()
    }


def test_a_task_of_lm_eval_has_as_many_shots_as_its_protocol() -> None:
    for task in lm_eval_tasks().values():
        assert task.shots == len(get(task.protocol).shots)


def test_protocols_that_ask_no_problem_cannot_be_chosen() -> None:
    for name in "self-repair", "lm-eval":
        assert get(name).ident == f"{name}@1"
        assert get(name).ident not in names()
        with pytest.raises(ConfigError, match="asks no problem of a dataset"):
            choose(name)


def test_errata_of_an_unknown_benchmark_are_empty() -> None:
    assert (errata_of("nothing").version, dict(errata_of("nothing").problems)) == ("", {})


def test_a_package_adds_a_benchmark(points: ModuleType) -> None:
    points.TINY = TINY  # type: ignore[attr-defined]
    found = load_all([point("TINY")])
    assert found.faults == ()
    assert found.benchmarks["tiny"] is TINY
    assert list(found.benchmarks)[: len(benchmarks())] == list(benchmarks())
    assert benchmark_of({"name": "a", "ask": "b"}, of=found) is TINY


def test_a_package_brings_its_own_checkers(points: ModuleType) -> None:
    def check_digit(given: str, expected: str, actual: str) -> None:
        if Answer(actual).integer(0, 9, "the digit") == int(given):
            raise Wrong("the digit that was given")

    points.OWN = Benchmark(name="digits", checkers={"another-digit@2": check_digit})  # type: ignore[attr-defined]
    found = load_all([point("OWN")])
    assert checker_of("digits/another-digit@2", of=found) is check_digit
    with pytest.raises(Wrong, match="was given"):
        check_digit("7", "1", "7\n")
    for name in ("digits/another-digit@1", "digits/another-digit", "another-digit@2", "absent/another-digit@2"):
        with pytest.raises(LookupError, match="is installed on this worker"):
            checker_of(name, of=found)
    with pytest.raises(ValidationError, match="should match pattern"):
        Benchmark(name="digits", checkers={"another-digit": check_digit})


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("tests_absent_package:X", "ModuleNotFoundError: No module named 'tests_absent_package'"),
        ("tests_own_benchmarks:NOTHING", "AttributeError: .*NOTHING"),
        ("tests_own_benchmarks:A_DICT", "dict is no farm.benchmarks.Benchmark"),
        ("tests_own_benchmarks:SAME_NAME", "the name humaneval is taken by package farm"),
        ("tests_own_benchmarks:SAME_PROTOCOL", r"the protocol humaneval is taken by benchmark humaneval \(farm\)"),
        ("tests_own_benchmarks:SAME_TASK", r"the eval task humaneval_plus is taken by benchmark humaneval \(farm\)"),
        ("tests_own_benchmarks:LM_EVAL", "the protocol lm-eval@1 is farm's own"),
    ],
)
def test_a_broken_package_is_one_line_and_breaks_no_other(points: ModuleType, value: str, reason: str) -> None:
    vars(points).update(
        TINY=TINY,
        A_DICT={"name": "x"},
        SAME_NAME=Benchmark(name="humaneval"),
        SAME_PROTOCOL=Benchmark(name="other", protocols=(COMPLETION.model_copy(update={"version": 9}),)),
        SAME_TASK=Benchmark(name="humaneval_plus"),
        LM_EVAL=Benchmark(name="other", protocols=(LM_EVAL,)),
    )
    found = load_all([point("BROKEN", value), point("TINY")])
    assert set(found.benchmarks) == {*benchmarks(), "tiny"}
    [fault] = found.faults
    assert "\n" not in fault
    assert fault.startswith("benchmark BROKEN of package ")
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(fault)


def test_a_package_that_exits_or_fails_at_its_import_breaks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for name, line in ("tests_exits", "raise SystemExit('bye')"), ("tests_fails", "raise RuntimeError('a\\nb')"):
        (tmp_path / f"{name}.py").write_text(line)
    found = load_all([point("A", "tests_exits:X"), point("B", "tests_fails:X")])
    assert [fault.partition("left out: ")[2] for fault in found.faults] == ["SystemExit: bye", "RuntimeError: a b"]
    assert set(found.benchmarks) == set(benchmarks())


def test_two_packages_of_one_name_are_named(points: ModuleType) -> None:
    points.TINY = TINY  # type: ignore[attr-defined]
    found = load_all([point("A", "tests_own_benchmarks:TINY"), point("B", "tests_own_benchmarks:TINY")])
    assert found.benchmarks["tiny"] is TINY
    [fault] = found.faults
    assert "benchmark B of package" in fault and "the name tiny is taken by package" in fault


def test_faults_are_warned_of_once(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(registry, "entry_points", lambda group: [point("X", "tests_absent_package:X")])
    registry.registry.cache_clear()
    try:
        with caplog.at_level(logging.WARNING, logger=registry.__name__):
            registry.registry()
            registry.registry()
    finally:
        monkeypatch.undo()
        registry.registry.cache_clear()
    assert [record.getMessage().partition(" is left out")[0] for record in caplog.records] == [
        "benchmark X of package of unknown name"
    ]


def test_a_broken_package_is_one_line_of_a_command_that_works(tmp_path: Path) -> None:
    info = tmp_path / "site" / "broken_benchmark-2.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-benchmark\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text(f"[{registry.GROUP}]\nbroken = tests_absent_package:X\n")
    path = os.pathsep.join((str(ROOT), str(info.parent)))
    process = FarmProcess(
        "dataset", "list", env=environment(tmp_path / "home", PYTHONPATH=path), log=tmp_path / "list.log"
    )  # fmt: skip
    process.ok()
    assert process.stderr.splitlines() == [
        "benchmark broken of package broken-benchmark 2.0 is left out: ModuleNotFoundError: "
        "No module named 'tests_absent_package'"
    ]
    assert "sample  bundled" in process.stdout and "humaneval  not pulled" in process.stdout


# --- rows ---------------------------------------------------------------------------------------


def test_a_row_that_two_benchmarks_claim_names_both(points: ModuleType) -> None:
    greedy = Rows(marks=frozenset({"task_id"}), header_of=header_of, problem_of=problem_of)
    points.GREEDY = Benchmark(name="greedy", rows=greedy)  # type: ignore[attr-defined]
    found = load_all([point("GREEDY")])
    row: Fields = {"task_id": "1", "entry_point": "f", "test": ""}
    with pytest.raises(RowError, match=r"claimed by the benchmarks humaneval \(farm\) and greedy \(.*\)"):
        benchmark_of(row, of=found)
    assert benchmark_of({"task_id": "1"}, of=found).name == "greedy"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"question_id": "1"}, "field public_test_cases is missing, if this is a row of livecodebench"),
        ({"task_id": "1", "test": ""}, "field entry_point is missing, if this is a row of humaneval"),
        ({"x": 1}, "the fields are those of no benchmark that farm knows: livecodebench, humaneval, mbpp, "),
    ],
)
def test_a_row_of_no_benchmark_says_what_is_missing(row: Fields, reason: str) -> None:
    with pytest.raises(RowError, match=reason):
        benchmark_of(row)


@pytest.fixture
def tiny(points: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """`points`, of which BENCHMARK is registered when the registry is next asked."""
    monkeypatch.setattr(registry, "entry_points", lambda group: [point("BENCHMARK")])
    registry.registry.cache_clear()
    yield points
    registry.registry.cache_clear()


def test_a_reader_that_fails_is_named_with_its_row(tiny: ModuleType, tmp_path: Path) -> None:
    tiny.BENCHMARK = TINY  # type: ignore[attr-defined]
    path = tmp_path / "rows.jsonl"
    path.write_text('{"name": "a", "ask": "?"}\n{"name": "b c", "ask": "?"}\n')
    with pytest.raises(DatasetError, match=r"rows\.jsonl:2: b c: problem_id: String should match"):
        list(read_problems(path))
    wrong = Rows(marks=frozenset({"name", "ask"}), header_of=header_of, problem_of=lambda fields, tests: fields)  # type: ignore[arg-type, return-value]
    tiny.BENCHMARK = Benchmark(name="tiny", rows=wrong)  # type: ignore[attr-defined]
    registry.registry.cache_clear()
    with pytest.raises(
        DatasetError, match=r"rows\.jsonl:1: a: the reader of tiny \(.*\) failed: TypeError: .*gave dict"
    ):
        list(read_problems(path))


@pytest.mark.parametrize(
    ("function", "reason"),
    [(lambda answer, own: 1 / 0, "ZeroDivisionError"), (lambda answer, own: None, "it gave NoneType, not str")],
)
def test_an_extractor_that_fails_is_no_verdict(tiny: ModuleType, function: object, reason: str) -> None:
    protocol = COMPLETION.model_copy(
        update={"name": "tiny", "extraction": Extraction(function="odd"), "continues": False}
    )
    tiny.BENCHMARK = Benchmark(name="tiny", protocols=(protocol,), extractors={"odd": function})  # type: ignore[attr-defined, dict-item]
    with pytest.raises(BenchmarkError, match=rf"benchmark tiny \(.*\): the extraction odd of tiny@1 failed: {reason}"):
        extract_program(get("tiny"), "answer")


def test_an_extraction_by_a_function_needs_its_benchmark() -> None:
    stranger = COMPLETION.model_copy(update={"extraction": Extraction(function="odd")})
    with pytest.raises(ConfigError, match="no benchmark here has protocol humaneval@1"):
        extractor(stranger)


# --- the record ---------------------------------------------------------------------------------


def test_a_download_that_cannot_be_asked_for_is_refused_where_it_is_made() -> None:
    files = (DataFile("a.jsonl", 1), DataFile("b.jsonl", 1))
    with pytest.raises(ValueError, match="1 releases of 2 files"):
        Download(files=files, url="https://example.org/{file}", revision="main", releases=("v1",))
    for url in "https://example.org/{name}", "https://example.org/{}", "https://example.org/{file":
        with pytest.raises(ValueError, match="url"):
            Download(files=files, url=url, revision="main")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Has Blanks"},
        {"name": "x", "marks": ()},
        {"name": "x", "protocols": ("official",)},
        {"name": "x", "protocols": (COMPLETION.model_copy(update={"extraction": Extraction(function="f")}),)},
    ],
)
def test_a_benchmark_that_cannot_be_is_refused_where_it_is_made(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Benchmark(**wrong)  # type: ignore[arg-type]
