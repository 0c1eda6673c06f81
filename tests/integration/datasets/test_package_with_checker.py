"""A package that brings a benchmark and checkers: built, installed, graded with; a broken checker judges nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.data import ROOT
from tests.support.farm_process import FarmProcess, environment, report_of, samples_of

pytestmark = pytest.mark.timeout(120)

PROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "factors-benchmark"
version = "1.0"

[project.entry-points."farm.benchmarks"]
factors = "factors_benchmark:FACTORS"

[tool.setuptools]
py-modules = ["factors_benchmark"]
"""
MODULE = '''\
"""The benchmark factors: print two numbers above 1 with the given product, in either order."""

from farm.benchmarks import Answer, Benchmark, Fields, Header, Rows, Tests, Wrong, make_problem, text
from farm.records import AnswerRule, Extraction, JudgeSpec, Problem, Protocol, Sampling, TestCase


def header_of(fields: Fields) -> Header:
    return Header(text(fields, "id"), platform="factors")


def problem_of(fields: Fields, tests: Tests) -> Problem:
    return make_problem(
        problem_id=text(fields, "id"),
        title="factors",
        statement=f"Print two factors of {text(fields, 'product')}.",
        platform="factors",
        tests=(TestCase(input=text(fields, "product"), output=text(fields, "factors")),),
        answers=AnswerRule(checker=f"factors/{text(fields, 'checker')}"),
    )


def product(given: str, expected: str, output: str) -> None:
    answer = Answer(output)
    first, second = answer.integers(2, 2, 10**9, "a factor")
    answer.end()
    if first * second != int(given):
        raise Wrong(f"the product is {first * second}")


def broken(given: str, expected: str, output: str) -> None:
    raise ZeroDivisionError(output)


FACTORS = Benchmark(
    name="factors",
    rows=Rows(marks=frozenset({"product", "factors"}), header_of=header_of, problem_of=problem_of),
    protocols=(
        Protocol(
            name="factors",
            version=1,
            template="{question}",
            extraction=Extraction(),
            sampling=Sampling(n=1, temperature=0.0, max_tokens=64),
            judge=JudgeSpec(mode="judge"),
        ),
    ),
    checkers={"product@1": product, "broken@1": broken},
)
'''


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which pip has built and installed it."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "factors_benchmark.py").write_text(MODULE)
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    subprocess.run([*command, "--no-build-isolation", "--no-index", "--target", target, source], check=True)
    return target


def graded(package: Path, folder: Path, checker: str, programs: list[str]) -> tuple[int, Path]:
    """The exit code, and where the report is: of programs for one problem, whose expected answer is `2 6`."""
    dataset, completions, out = folder / "factors.jsonl", folder / "programs.jsonl", folder / "out"
    dataset.write_text(json.dumps({"id": "twelve", "product": "12", "factors": "2 6", "checker": checker}) + "\n")
    completions.write_text("".join(json.dumps({"question_id": "twelve", "code": code}) + "\n" for code in programs))
    process = FarmProcess(
        "grade", "--dataset", str(dataset), "--protocol", "factors", "--completions", str(completions),
        "--out", str(out), env=environment(folder, PYTHONPATH=os.pathsep.join((str(ROOT), str(package)))),
        log=folder / "grade.log",
    )  # fmt: skip
    return process.wait(), out


def test_the_packages_checker_decides_where_answers_differ(package: Path, tmp_path: Path) -> None:
    programs = ["print(2, 6)", "print(4)\nprint(3)", "print(2, 5)", "print(12, 1)", "print('2 6 1')"]
    code, out = graded(package, tmp_path, "product@1", programs)
    assert code == 0
    assert [row["verdict"] for row in samples_of(out)] == ["PASSED", "PASSED", *["WRONG_ANSWER"] * 3]
    assert samples_of(out)[2]["detail"] == "the product is 10"
    assert report_of(out)["checked"] == 4  # not the one that is as expected


@pytest.mark.parametrize(("checker", "why"), [("broken@1", "ZeroDivisionError"), ("absent@1", "factors/absent@1")])
def test_a_checker_that_cannot_tell_leaves_the_sample_unjudged(
    package: Path, tmp_path: Path, checker: str, why: str
) -> None:
    code, out = graded(package, tmp_path, checker, ["print(2, 6)", "print(3, 4)"])
    assert code == 3
    assert [row["verdict"] for row in samples_of(out)] == ["PASSED", None]
    report = report_of(out)
    assert report["status"] == "INCOMPLETE" and report["pass_at_k"] == []
    [reason] = report["coverage"]["unjudged_reasons"]
    assert "CheckerFailed" in reason and why in reason
