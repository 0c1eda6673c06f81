"""LiveCodeBench's further scenarios: test output prediction and code execution, over the same line.

Prompts and sampling are those of LiveCodeBench at 28fef95 for chat models (`lcb_runner/runner/parser.py`,
`lcb_runner/prompts/test_output_prediction.py`, `code_execution.py`), byte for byte; test vectors guard them.
The extraction is its `utils/extraction_utils.py` with what its metrics do to the text. Mode `asserts`:
docs/benchmarks.md.
"""

from __future__ import annotations

from farm.protocols.protocol import Protocol
from farm.records import JudgeSpec, Sampling

_ASSERTS = JudgeSpec(mode="asserts")
_SAMPLING = Sampling(n=10, temperature=0.2, top_p=0.95, max_tokens=2000, stop=("###",))

TEST_OUTPUT = Protocol(
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
    extraction="test_output",
    sampling=_SAMPLING,
    judge=_ASSERTS,
)

_TASK = (
    "You are given a Python function and an assertion containing an input to the function. Complete the assertion with "
    "a literal (no unsimplified expressions, no function calls) containing the output when executing the provided code "
    "on the given input, even if the function is incorrect or incomplete. Do NOT output any extra information. "
)
_QUESTION = "[PYTHON]\n{code}\nassert {ask} == ??\n[/PYTHON]\n"
_SYSTEM = "You are an expert at Python programming, code execution, test case generation, and fuzzing."

EXECUTION = Protocol(
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
    extraction="execution",
    sampling=_SAMPLING,
    judge=_ASSERTS,
)
EXECUTION_COT = EXECUTION.model_copy(
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
        "extraction": "execution_cot",
    }
)

SCENARIOS = (TEST_OUTPUT, EXECUTION, EXECUTION_COT)
