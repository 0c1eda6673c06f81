"""LiveCodeBench's scenario test output prediction: say what a function returns for one input.

Rows: `livecodebench/test_generation`, with question_id, question_content, starter_code, function_name, test_id and
test, a JSON list with one {input, output, testtype}.

Prompt and sampling are those of LiveCodeBench at 28fef95 for chat models (`lcb_runner/runner/parser.py`,
`lcb_runner/prompts/test_output_prediction.py`), byte for byte; test vectors guard them. The extraction is its
`utils/extraction_utils.py` with what its metric does to the text: it makes a function `farm_answer` of the answer,
which the sandbox evaluates (mode `asserts`, docs/benchmarks.md). The expected value stays with the tests.
"""

from __future__ import annotations

import ast
import json

from farm.benchmarks.benchmark import Benchmark, Rows
from farm.benchmarks.fields import make_problem, parsed, text
from farm.benchmarks.livecodebench.answers import ANSWER, expected_output
from farm.benchmarks.livecodebench.rows import contest_date_of, difficulty_of
from farm.benchmarks.rows import Fields, Header, RowError, Tests
from farm.records import Asserts, Extraction, JudgeSpec, Problem, Protocol, Sampling, TestCase

NAME = "livecodebench-test-output"


def header_of(fields: Fields) -> Header:
    """What a selection looks at. Raises RowError, as all here."""
    name = f"{_number_or_text(fields, 'question_id')}/{_number_or_text(fields, 'test_id')}"
    return Header(name, NAME, difficulty_of(text(fields, "difficulty")), contest_date_of(text(fields, "contest_date")))


def problem_of(fields: Fields, tests: Tests) -> Problem:
    """The problem: say what the function returns for one input."""
    if tests == "public":
        raise RowError("no public tests")
    header, starter = header_of(fields), text(fields, "starter_code")
    case = _only_test(text(fields, "test"))
    functions = [node.name for node in ast.walk(parsed("starter_code", starter)) if isinstance(node, ast.FunctionDef)]
    if len(functions) != 1:
        raise RowError(f"starter_code defines {len(functions)} functions, not one")
    arguments = ", ".join(case["input"].split("\n"))
    return make_problem(
        problem_id=header.problem_id,
        title=text(fields, "question_title"),
        statement=text(fields, "question_content"),
        platform=header.platform,
        difficulty=header.difficulty,
        contest_date=header.contest_date,
        starter_code=starter,
        ask=f"assert {functions[0]}({arguments}) == # TODO",
        tests=(TestCase(input=f"assert {ANSWER}() == json.loads({case['output']!r})", output="", public=False),),
        asserts=Asserts(calls=(ANSWER,), setup="import json"),
    )


def _only_test(written: str) -> dict[str, str]:
    try:
        cases = json.loads(written)
        [case] = cases
        json.loads(case["output"])
        found = {name: case[name] for name in ("input", "output")}
    except (ValueError, TypeError, KeyError, RecursionError) as exc:
        raise RowError("test: a JSON list of one test with JSON output is wanted") from exc
    if not all(isinstance(value, str) for value in found.values()):
        raise RowError("test: input and output are wanted as strings")
    return found


def _number_or_text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text(fields, name)


PROTOCOL = Protocol(
    name="test-output",
    version=1,
    system=(
        "You are a helpful programming assistant and an expert Python programmer. You are helping a user to write a "
        "test case to help to check the correctness of the function. The user has written a input for the testcase. "
        "You will calculate the output of the testcase and write the whole assertion statement in the markdown code "
        "block with the correct output."
    ),
    template=(
        "Problem:\n{question}Function:\n```\n{code}\n```\nPlease complete the following test case:\n\n```\n{ask}\n```\n"
    ),
    extraction=Extraction(function="test-output"),
    sampling=Sampling(n=10, temperature=0.2, top_p=0.95, max_tokens=2000, stop=("###",)),
    judge=JudgeSpec(mode="asserts"),
)


def extract_test_output(answer: str, own_code: str) -> str:
    """The predicted value of an answer, as a program."""
    return expected_output(answer)


TEST_OUTPUT = Benchmark(
    name=NAME,
    rows=Rows(
        marks=frozenset({"question_id", "test_id", "starter_code", "function_name", "test"}),
        header_of=header_of,
        problem_of=problem_of,
    ),
    protocols=(PROTOCOL,),
    extractors={"test-output": extract_test_output},
)
