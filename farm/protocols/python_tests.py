"""HumanEval and MBPP, whose tests are Python: mode `asserts`, docs/benchmarks.md.

Prompts, stop strings, token limits and extraction are those of EleutherAI/lm-evaluation-harness at
4e7e0d47 (`lm_eval/tasks/humaneval/humaneval.yaml`, `humaneval_instruct.yaml`, `lm_eval/tasks/mbpp/mbpp.yaml`,
`mbpp_instruct.yaml`, and the `utils.py` beside them), byte for byte: `\\r\\n` in the worked examples and the
blank at the end of some lines included. Test vectors guard them.
"""

from __future__ import annotations

from farm.protocols.protocol import Protocol, Shot
from farm.records import JudgeSpec, Sampling

_ASSERTS = JudgeSpec(mode="asserts")
_HUMANEVAL = Sampling(
    n=1, temperature=0.0, max_tokens=1024, stop=("\nclass", "\ndef", "\n#", "\nif", "\nprint"), seed=42
)

HUMANEVAL = Protocol(
    name="humaneval",
    version=1,
    template="{question}",
    extraction="continuation",
    sampling=_HUMANEVAL,
    judge=_ASSERTS,
)
HUMANEVAL_INSTRUCT = Protocol(
    name="humaneval-instruct",
    version=1,
    template=(
        "Write a solution to the following problem and make sure that it passes the tests:\n"
        "```python\n{question}\n```\n"
    ),
    answer_prefix="Here is the completed function:\n```python\n{question}\n",
    extraction="continuation_to_fence",
    sampling=_HUMANEVAL,
    judge=_ASSERTS,
)

# Problems 2, 3 and 4 of MBPP: question, tests, solution
_EXAMPLES = (
    (
        "Write a function to find the similar elements from the given two tuple lists.",
        "assert similar_elements((3, 4, 5, 6),(5, 7, 4, 10)) == (4, 5)\n"
        "assert similar_elements((1, 2, 3, 4),(5, 4, 3, 7)) == (3, 4)\n"
        "assert similar_elements((11, 12, 14, 13),(17, 15, 14, 13)) == (13, 14)",
        "def similar_elements(test_tup1, test_tup2):\r\n"
        "  res = tuple(set(test_tup1) & set(test_tup2))\r\n"
        "  return (res) ",
    ),
    (
        "Write a python function to identify non-prime numbers.",
        "assert is_not_prime(2) == False\nassert is_not_prime(10) == True\nassert is_not_prime(35) == True",
        "import math\r\n"
        "def is_not_prime(n):\r\n"
        "    result = False\r\n"
        "    for i in range(2,int(math.sqrt(n)) + 1):\r\n"
        "        if n % i == 0:\r\n"
        "            result = True\r\n"
        "    return result",
    ),
    (
        "Write a function to find the largest integers from a given list of numbers using heap queue algorithm.",
        "assert heap_queue_largest( [25, 35, 22, 85, 14, 65, 75, 22, 58],3)==[85, 75, 65] \n"
        "assert heap_queue_largest( [25, 35, 22, 85, 14, 65, 75, 22, 58],2)==[85, 75] \n"
        "assert heap_queue_largest( [25, 35, 22, 85, 14, 65, 75, 22, 58],5)==[85, 75, 65, 58, 35]",
        "import heapq as hq\r\n"
        "def heap_queue_largest(nums,n):\r\n"
        "  largest_nums = hq.nlargest(n, nums)\r\n"
        "  return largest_nums",
    ),
)


def _shots(template: str, opening: str, closing: str) -> tuple[Shot, ...]:
    return tuple(
        Shot(
            user=template.replace("{question}", question).replace("{tests}", tests),
            assistant=f"{opening}{code}\n{closing}",
        )
        for question, tests, code in _EXAMPLES
    )


_TASK = "You are an expert Python programmer, and here is your task:"
_MBPP_TEMPLATE = f"{_TASK} {{question}} Your code should pass these tests:\n\n{{tests}}\n[BEGIN]\n"
_INSTRUCT_TEMPLATE = f"{_TASK}\n{{question}}\nYour code should pass these tests:\n{{tests}}"
_INSTRUCT_PREFIX = "\n```python\n"

MBPP = Protocol(
    name="mbpp",
    version=1,
    shots=_shots(_MBPP_TEMPLATE, "", "[DONE]"),
    template=_MBPP_TEMPLATE,
    extraction="whole",
    sampling=Sampling(n=1, temperature=0.0, max_tokens=256, stop=("[DONE]",), seed=42),
    judge=_ASSERTS,
)
# The harness' own rule takes a first `def` for the name of a language (#3447 there): right programs fail by it
MBPP_INSTRUCT_LM_EVAL = Protocol(
    name="mbpp-instruct",
    version=1,
    shots=_shots(_INSTRUCT_TEMPLATE, _INSTRUCT_PREFIX, "```"),
    template=_INSTRUCT_TEMPLATE,
    answer_prefix=_INSTRUCT_PREFIX,
    extraction="open_fence_lm_eval",
    sampling=Sampling(n=1, temperature=0.0, max_tokens=256, seed=42),
    judge=_ASSERTS,
)
MBPP_INSTRUCT = MBPP_INSTRUCT_LM_EVAL.model_copy(update={"version": 2, "extraction": "open_fence"})

# `lm_eval/tasks/mbpp/mbpp_plus_instruct.yaml` of 0.4.13: no worked examples, one assertion
MBPP_PLUS_INSTRUCT = Protocol(
    name="mbpp-plus-instruct",
    version=1,
    template="{question} Your code should satisfy the following assertion:\n{tests}",
    answer_prefix="Here is a solution to this programming problem:\n```python\n",
    extraction="open_fence_lm_eval",
    sampling=Sampling(n=1, temperature=0.0, max_tokens=1024, seed=42),
    judge=_ASSERTS,
)

PYTHON_TESTS = (HUMANEVAL, HUMANEVAL_INSTRUCT, MBPP, MBPP_INSTRUCT_LM_EVAL, MBPP_INSTRUCT, MBPP_PLUS_INSTRUCT)
