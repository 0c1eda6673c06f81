"""LiveCodeBench's scenario code execution: say what some code returns for one call.

Rows: `livecodebench/execution-v2`, with id, code, function_name, input and output, both as Python.

Prompt and sampling are those of LiveCodeBench at 28fef95 for chat models (`lcb_runner/runner/parser.py`,
`lcb_runner/prompts/code_execution.py`), byte for byte; test vectors guard them. The extraction is its
`utils/extraction_utils.py` with what its metric does to the text: it makes a function `farm_answer` of the answer,
which the sandbox evaluates (mode `asserts`, docs/benchmarks.md). The expected value stays with the tests.
"""

from __future__ import annotations

from functools import partial

from farm.benchmarks.benchmark import Benchmark, Rows
from farm.benchmarks.fields import make_problem, parsed, text
from farm.benchmarks.livecodebench.answers import ANSWER, KNOWN_NAMES, executed_output, question
from farm.benchmarks.livecodebench.rows import contest_date_of, difficulty_of
from farm.benchmarks.rows import Fields, Header, RowError, Tests
from farm.records import Asserts, Extraction, JudgeSpec, Problem, Protocol, Sampling, TestCase

NAME = "livecodebench-execution"


def header_of(fields: Fields) -> Header:
    """What a selection looks at."""
    level, date = difficulty_of(text(fields, "difficulty")), contest_date_of(text(fields, "contest_date"))
    return Header(text(fields, "id"), NAME, level, date)


def problem_of(fields: Fields, tests: Tests) -> Problem:
    """The problem: say what this code returns for this call."""
    if tests == "public":
        raise RowError("no public tests")
    header, code, call, output = (
        header_of(fields),
        *(text(fields, name) for name in ("code", "input", "output")),
    )
    parsed("code", code)
    parsed("input", call)
    parsed("output", f"({output})")
    return make_problem(
        problem_id=header.problem_id,
        title=text(fields, "function_name"),
        statement=code,
        platform=header.platform,
        difficulty=header.difficulty,
        contest_date=header.contest_date,
        starter_code=code,
        ask=call,
        tests=(TestCase(input=f"assert ({output}) == {ANSWER}()", output="", public=False),),
        asserts=Asserts(calls=(ANSWER,), prompt=question(code, call), setup=KNOWN_NAMES),
    )


_TASK = (
    "You are given a Python function and an assertion containing an input to the function. Complete the assertion with "
    "a literal (no unsimplified expressions, no function calls) containing the output when executing the provided code "
    "on the given input, even if the function is incorrect or incomplete. Do NOT output any extra information. "
)
_QUESTION = "[PYTHON]\n{code}\nassert {ask} == ??\n[/PYTHON]\n"
_SYSTEM = "You are an expert at Python programming, code execution, test case generation, and fuzzing."

DIRECT = Protocol(
    name="execution",
    version=1,
    system=_SYSTEM,
    template=(
        f"{_TASK}Provide the full assertion with the correct output in [ANSWER] and [/ANSWER] tags, following the "
        "examples.\n\n"
        "[PYTHON]\ndef repeatNumber(number : int) -> int:\n    return number\nassert repeatNumber(number = 17) == ??\n"
        "[/PYTHON]\n[ANSWER]\nassert repeatNumber(number = 17) == 17\n[/ANSWER]\n\n"
        '[PYTHON]\ndef addCharacterA(string : str) -> str:\n    return string + "a"\n'
        'assert addCharacterA(string = "x9j") == ??\n[/PYTHON]\n[ANSWER]\n'
        'assert addCharacterA(string = "x9j") == "x9ja"\n[/ANSWER]\n\n'
        f"{_QUESTION}[ANSWER]\n"
    ),
    extraction=Extraction(function="execution"),
    continues=True,
    sampling=Sampling(n=10, temperature=0.2, top_p=0.95, max_tokens=2000, stop=("###",)),
    judge=JudgeSpec(mode="asserts"),
)
WITH_THOUGHT = DIRECT.model_copy(
    update={
        "name": "execution-cot",
        "template": (
            f"{_TASK}Execute the program step by step before arriving at an answer, and provide the full assertion "
            "with the correct output in [ANSWER] and [/ANSWER] tags, following the examples.\n\n"
            '[PYTHON]\ndef performOperation(s):\n    s = s + s\n    return "b" + s + "a"\n'
            'assert performOperation(s = "hi") == ??\n[/PYTHON]\n[THOUGHT]\n'
            "Let's execute the code step by step:\n\n"
            "1. The function performOperation is defined, which takes a single argument s.\n"
            '2. The function is called with the argument "hi", so within the function, s is initially "hi".\n'
            '3. Inside the function, s is concatenated with itself, so s becomes "hihi".\n'
            '4. The function then returns a new string that starts with "b", followed by the value of s (which is now '
            '"hihi"), and ends with "a".\n'
            '5. The return value of the function is therefore "bhihia".\n'
            '[/THOUGHT]\n[ANSWER]\nassert performOperation(s = "hi") == "bhihia"\n[/ANSWER]\n\n'
            f"{_QUESTION}[THOUGHT]\n"
        ),
        "extraction": Extraction(function="execution-cot"),
    }
)

EXECUTION = Benchmark(
    name=NAME,
    rows=Rows(
        marks=frozenset({"id", "code", "input", "output", "function_name", "numsteps"}),
        header_of=header_of,
        problem_of=problem_of,
    ),
    protocols=(DIRECT, WITH_THOUGHT),
    extractors={
        "execution": partial(executed_output, thought=False),
        "execution-cot": partial(executed_output, thought=True),
    },
)
