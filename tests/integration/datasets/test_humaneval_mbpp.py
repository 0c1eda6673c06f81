"""HumanEval and MBPP: their own solutions pass, each one; what is no solution does not."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from farm.datasets.reader import read_problems
from farm.judging.open import open_sandbox
from farm.protocols import extract_program, get
from farm.records import Limits, Problem, Verdict
from farm.sandbox.api import Sandbox
from tests.support.data import shared
from tests.support.farm_process import FarmProcess, environment, samples_of
from tests.support.model_server import ModelServer, fixed_answers

JUDGE = get("humaneval").judge
LIMITS = Limits(wall_s=150.0)  # the CPU limit decides, however busy the host is


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with open_sandbox() as opened:
        yield opened


def humaneval() -> list[tuple[Problem, str]]:
    """Each problem with its solution, as a completion."""
    path = shared("HumanEval.jsonl.gz")
    rows = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    return [(p, row["canonical_solution"]) for p, row in zip(read_problems(path), rows, strict=True)]


def mbpp() -> list[tuple[Problem, str]]:
    """Each problem with its solution, a whole program."""
    path = shared("mbpp.jsonl")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [(p, row["code"]) for p, row in zip(read_problems(path), rows, strict=True)]


def verdict(sandbox: Sandbox, problem: Problem, program: str) -> Verdict:
    return sandbox.evaluate(program, problem.suite(), JUDGE, LIMITS).verdict


@pytest.mark.timeout(600)
def test_all_164_solutions_of_humaneval_pass(sandbox: Sandbox) -> None:
    found = humaneval()
    assert len(found) == 164
    protocol = get("humaneval")
    programs = [(p, extract_program(protocol, solution, p.starter_code)) for p, solution in found]
    failed = [p.problem_id for p, program in programs if verdict(sandbox, p, program) is not Verdict.PASSED]
    assert failed == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_all_974_solutions_of_mbpp_pass(sandbox: Sandbox) -> None:
    """No exception: the objects of problems 367, 601 and 927 stay with the program, and the tests use them there."""
    found = mbpp()
    assert len(found) == 974
    failed = [p.problem_id for p, code in found if verdict(sandbox, p, code) is not Verdict.PASSED]
    assert failed == []


# What needs more than plain arguments and results
SPECIAL = (
    "MBPP/40", "MBPP/88", "MBPP/124", "MBPP/126", "MBPP/341", "MBPP/367", "MBPP/473", "MBPP/533", "MBPP/590",
    "MBPP/596", "MBPP/601", "MBPP/653", "MBPP/927",
)  # fmt: skip


def test_solutions_of_mbpp_with_unusual_values_pass(sandbox: Sandbox) -> None:
    """Counters, sets, complex numbers, classes as arguments, a function named `sum`, trees of the program's nodes."""
    chosen = [(p, code) for p, code in mbpp() if p.problem_id in SPECIAL]
    assert len(chosen) == len(SPECIAL)
    assert [p.problem_id for p, code in chosen if verdict(sandbox, p, code) is not Verdict.PASSED] == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("body", ["return None", "raise ValueError", "import os; os._exit(0)"])
def test_no_problem_of_humaneval_takes_an_empty_answer(sandbox: Sandbox, body: str) -> None:
    chosen = humaneval() if body == "return None" else humaneval()[::8]
    passed = [p.problem_id for p, _ in chosen if verdict(sandbox, p, f"{p.starter_code}    {body}\n") is Verdict.PASSED]
    assert passed == []


def test_another_problems_solution_is_wrong(sandbox: Sandbox) -> None:
    found = mbpp()[:40]
    for (problem, _), (other, code) in pairwise(found):
        renamed = f"{code}\n{problem.title} = {other.title}\n"
        assert verdict(sandbox, problem, renamed) is not Verdict.PASSED, problem.problem_id


TRUTH = """
class Yes:
    def __eq__(self, other): return True
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __ne__ = __lt__
    def __bool__(self): return True
    def __sub__(self, other): return 0.0
    __rsub__ = __abs__ = __add__ = __radd__ = __sub__
    def __float__(self): return 0.0
    def __len__(self): return 1
    def __iter__(self): return iter(())
    __hash__ = None
class YesInt(int, Yes):
    __eq__ = Yes.__eq__
    __hash__ = None
"""


@pytest.mark.parametrize("answer", ["Yes()", "YesInt()", "[Yes()]"])
def test_what_equals_everything_passes_nothing(sandbox: Sandbox, answer: str) -> None:
    """HumanEval's own harness accepts the first two for nearly all problems."""
    passed = [
        p.problem_id
        for p, _ in humaneval()[::4]
        if verdict(sandbox, p, f"{TRUTH}\ndef {p.title}(*values): return {answer}\n") is Verdict.PASSED
    ]
    assert passed == []


@pytest.mark.timeout(240)
def test_submit_asks_for_a_continuation_and_judges_it(tmp_path: Path) -> None:
    """The whole line: prompt, answer begun by farm, extraction up to the fence, asserts."""
    found = {p.problem_id: (p, solution) for p, solution in humaneval()[:2]}
    (first, right), (second, _) = found["HumanEval/0"], found["HumanEval/1"]
    answers = {first.title: f"{right}```\nThat is all.", second.title: "    return []\n```"}
    model = "meta-llama/Llama-3.2-3B-Instruct"
    with ModelServer(answer=fixed_answers(answers), model=model, jwt_secret="testing") as server:
        process = FarmProcess(
            "submit", "--model", "Llama-3.2-3B-Instruct", "--device", "n300", "--server-url", server.url, "--dataset",
            str(shared("HumanEval.jsonl.gz")), "--protocol", "humaneval-instruct", "--ids", ",".join(found), "--out",
            str(tmp_path / "out"), env=environment(tmp_path / "home", JWT_SECRET="testing"), log=tmp_path / "log",
        )  # fmt: skip
        try:
            process.ok()
        finally:
            process.kill()
    rows = {row["problem_id"]: row["verdict"] for row in samples_of(tmp_path / "out")}
    assert rows == {"HumanEval/0": "PASSED", "HumanEval/1": "WRONG_ANSWER"}
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["spec"]["eval_task"], report["spec"]["protocol"]) == ("humaneval_instruct", "humaneval-instruct@1")


@pytest.mark.parametrize("problem_id", ["MBPP/367", "MBPP/927"])
@pytest.mark.parametrize(
    "node",
    [
        "def __new__(cls, *values): return 10 ** 60_000",
        "def __new__(cls, *values): return print",
        "def __new__(cls, *values): return 'undefined'",
        "def __new__(cls, *values): raise SystemExit",
        "__slots__ = ()",
        "__setattr__ = None",
    ],
)
def test_objects_that_the_tests_cannot_use_are_the_program_s_fault(
    sandbox: Sandbox, problem_id: str, node: str
) -> None:
    """These tests build a tree of the program's own class first, so the class can be anything."""
    [(problem, solution)] = [(p, code) for p, code in mbpp() if p.problem_id == problem_id]
    broken = re.sub(r"def __init__.*?None\r\n(?=def)", f"{node}\r\n", solution, flags=re.DOTALL)
    assert broken != solution
    assert verdict(sandbox, problem, broken) in (Verdict.RUNTIME_ERROR, Verdict.WRONG_ANSWER)
