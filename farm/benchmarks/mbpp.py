"""MBPP and MBPP+: short functions to write, with tests that are Python (judge mode `asserts`).

Rows: google-research/mbpp, `mbpp.jsonl` (974 rows): text, code, task_id, test_list, test_setup_code and
challenge_test_list; and its sanitized form, with prompt and test_imports in place of text and
test_setup_code. Each assertion of `test_list` is one test. The challenge tests are not read: the paper's
scores, and those of every harness, are without them.

The rows do not say what a program must define, but their own solution does: the functions and classes
of `code` that the tests use. What the tests use of its imports (`sys` in problem 596) is imported for them.

Prompts, worked examples, stop strings, token limits and extraction: EleutherAI/lm-evaluation-harness at 4e7e0d47
(`lm_eval/tasks/mbpp/mbpp.yaml`, `mbpp_instruct.yaml` and their `utils.py`), byte for byte: `\\r\\n` in the worked
examples and the blank at the end of some lines included. Test vectors guard them. `mbpp_plus_instruct`, the tasks'
names and metrics are those of lm-eval 0.4.13.
"""

from __future__ import annotations

import ast
import re

from farm.benchmarks.benchmark import Benchmark, DataFile, Download, HubData, LmEvalTask, Rows
from farm.benchmarks.fields import classes_of, make_problem, parsed, text, texts
from farm.benchmarks.rows import Fields, Header, RowError, Tests
from farm.records import Asserts, Extraction, JudgeSpec, Problem, Protocol, Sampling, Shot, TestCase

# README.md of google-research/mbpp: the split of the paper
_SPLITS = (("prompt", 1, 10), ("test", 11, 510), ("validation", 511, 600), ("train", 601, 974))
_DEFINES = ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef


def header_of(fields: Fields) -> Header:
    """What a selection looks at; the platform says the split, such as `mbpp-test`. Raises RowError."""
    number = fields.get("task_id")
    if isinstance(number, bool) or not isinstance(number, int):
        raise RowError("task_id: a number is wanted")
    split = next((name for name, first, last in _SPLITS if first <= number <= last), "other")
    return Header(f"MBPP/{number}", f"mbpp-{split}")


def problem_of(fields: Fields, tests: Tests) -> Problem:
    """The problem that the fields of a row describe. Raises RowError. All tests are public: prompts show them."""
    header = header_of(fields)
    statement = text(fields, "text" if "text" in fields else "prompt")
    asserts = texts(fields, "test_list")
    setup = _setup(fields)
    used = _names(parsed("test_list", "\n".join([setup, *asserts])))
    solution = parsed("code", text(fields, "code"))
    defined = [node.name for node in solution.body if isinstance(node, _DEFINES)]
    calls = [name for name in dict.fromkeys(defined) if name in used]
    if not calls:
        raise RowError("test_list uses no function that code defines")
    return make_problem(
        problem_id=header.problem_id,
        title=calls[-1],
        statement=statement,
        platform=header.platform,
        tests=tuple(TestCase(input=test, output="") for test in asserts),
        asserts=Asserts(
            calls=tuple(calls),
            setup="\n".join([*_imports(solution, used), setup]).strip("\n"),
            classes=classes_of("test_setup_code", setup),
            solution=text(fields, "code"),
        ),
    )


def _setup(fields: Fields) -> str:
    if "test_setup_code" in fields:
        return text(fields, "test_setup_code").replace("\r\n", "\n")
    return "\n".join(texts(fields, "test_imports")) if "test_imports" in fields else ""


def _names(tree: ast.Module) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _imports(tree: ast.Module, used: set[str]) -> list[str]:
    """The solution's own import statements that bind a name which the tests use."""
    found = []
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound = {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
            if bound & used:
                found.append(ast.unparse(node))
    return found


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

_ASSERTS = JudgeSpec(mode="asserts")

COMPLETION = Protocol(  # for base models
    name="mbpp",
    version=1,
    shots=_shots(_MBPP_TEMPLATE, "", "[DONE]"),
    template=_MBPP_TEMPLATE,
    extraction=Extraction(fence="none"),
    sampling=Sampling(n=1, temperature=0.0, max_tokens=256, stop=("[DONE]",), seed=42),
    judge=_ASSERTS,
)
INSTRUCT_AS_LM_EVAL = Protocol(
    name="mbpp-instruct",
    version=1,
    shots=_shots(_INSTRUCT_TEMPLATE, _INSTRUCT_PREFIX, "```"),
    template=_INSTRUCT_TEMPLATE,
    answer_prefix=_INSTRUCT_PREFIX,
    extraction=Extraction(function="lm-eval-block"),
    sampling=Sampling(n=1, temperature=0.0, max_tokens=256, seed=42),
    judge=_ASSERTS,
)
INSTRUCT = INSTRUCT_AS_LM_EVAL.model_copy(update={"version": 2, "extraction": Extraction(fence="open")})

PLUS_INSTRUCT = Protocol(  # `lm_eval/tasks/mbpp/mbpp_plus_instruct.yaml`: no worked examples, one assertion
    name="mbpp-plus-instruct",
    version=1,
    template="{question} Your code should satisfy the following assertion:\n{tests}",
    answer_prefix="Here is a solution to this programming problem:\n```python\n",
    extraction=Extraction(function="lm-eval-block"),
    sampling=Sampling(n=1, temperature=0.0, max_tokens=1024, seed=42),
    judge=_ASSERTS,
)

# A word right behind the fence is a tag, whatever follows it
_LM_EVAL_BLOCK = re.compile(r"```\w*+\n?(.*?)\n?```", re.DOTALL)


def lm_eval_block(answer: str, own_code: str) -> str:
    """The harness's own extraction (`lm_eval/tasks/mbpp/utils.py`), its fault included: the first word may be taken
    for the fence's tag, so `def f(x):` becomes ` f(x):` (EleutherAI/lm-evaluation-harness#3447)."""
    found = _LM_EVAL_BLOCK.search(f"```{answer}") or _LM_EVAL_BLOCK.search(answer.replace("```python", "```"))
    return found[1] if found else ""


def _task(name: str, protocol: Protocol, chosen: str, hub: HubData, *, plus: bool, tests: int = 3) -> LmEvalTask:
    return LmEvalTask(
        name=name,
        dataset="mbpp_plus" if plus else "mbpp",
        protocol=protocol.ident,
        metrics=("pass_at_1",),
        filter=chosen,
        hub=hub,
        version=1.0,
        platform=None if plus else "mbpp-test",
        tests=tests,
        shots=len(protocol.shots),
    )


_HUB = HubData("google-research-datasets/mbpp", "full")
_PLUS_HUB = HubData("evalplus/mbppplus", None)

MBPP = Benchmark(
    name="mbpp",
    rows=Rows(marks=frozenset({"task_id", "code", "test_list"}), header_of=header_of, problem_of=problem_of),
    download=Download(
        files=(DataFile("mbpp.jsonl", 974, "ccf64ceae9c5403bf50a044cb6d505bfd2a2963ee58338ba268fd65beab92a9f"),),
        url="https://raw.githubusercontent.com/google-research/google-research/{revision}/mbpp/{file}",
        revision="master",
    ),
    protocols=(COMPLETION, INSTRUCT_AS_LM_EVAL, INSTRUCT, PLUS_INSTRUCT),
    extractors={"lm-eval-block": lm_eval_block},
    lm_eval_tasks=(
        _task("mbpp", COMPLETION, "none", _HUB, plus=False),
        _task("mbpp_instruct", INSTRUCT_AS_LM_EVAL, "extract_code", _HUB, plus=False),
        _task("mbpp_plus", COMPLETION, "none", _PLUS_HUB, plus=True),
        # Shows the model one assertion, and judges by that one
        _task("mbpp_plus_instruct", PLUS_INSTRUCT, "extract_code", _PLUS_HUB, plus=True, tests=1),
    ),
)
