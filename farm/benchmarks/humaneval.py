"""HumanEval and HumanEval+: functions to complete, with tests that are Python (judge mode `asserts`).

Rows: openai/human-eval, `data/HumanEval.jsonl.gz`, an object per line with task_id, prompt, entry_point,
canonical_solution and test. A completion continues `prompt`; `test` defines `check(candidate)`, which is
called with the function that entry_point names. HumanEval+ (evalplus/humanevalplus) has the same fields.

Prompts, stop strings, token limits and extraction: EleutherAI/lm-evaluation-harness at 4e7e0d47
(`lm_eval/tasks/humaneval/humaneval.yaml`, `humaneval_instruct.yaml` and their `utils.py`), byte for byte; test
vectors guard them. The tasks' names and metrics are those of lm-eval 0.4.13.
"""

from __future__ import annotations

from farm.benchmarks.benchmark import Benchmark, DataFile, Download, HubData, LmEvalTask, Rows
from farm.benchmarks.fields import classes_of, make_problem, parsed, text
from farm.benchmarks.rows import Fields, Header, RowError, Tests
from farm.records import Asserts, Extraction, JudgeSpec, Problem, Protocol, Sampling, TestCase

PLATFORM = "humaneval"


def header_of(fields: Fields) -> Header:
    """What a selection looks at. Raises RowError."""
    return Header(text(fields, "task_id"), PLATFORM)


def problem_of(fields: Fields, tests: Tests) -> Problem:
    """The problem that the fields of a row describe. Raises RowError; no test of HumanEval is public."""
    entry_point, prompt, test = (text(fields, name) for name in ("entry_point", "prompt", "test"))
    if not entry_point.isidentifier():
        raise RowError("entry_point is no Python name")
    parsed("prompt", prompt)
    parsed("test", test)
    if tests == "public":
        raise RowError("no public tests")
    return make_problem(
        problem_id=text(fields, "task_id"),
        title=entry_point,
        statement=prompt,
        platform=PLATFORM,
        starter_code=prompt,
        # One test: the first assertion that fails ends `check`, so there is no result of a later one
        tests=(TestCase(input=f"{test}\ncheck({entry_point})", output="", public=False),),
        asserts=Asserts(
            calls=(entry_point,),
            prompt=prompt,
            classes=classes_of("test", f"{prompt}\n{test}"),
            solution=prompt + text(fields, "canonical_solution") if "canonical_solution" in fields else "",
        ),
    )


_SAMPLING = Sampling(
    n=1, temperature=0.0, max_tokens=1024, stop=("\nclass", "\ndef", "\n#", "\nif", "\nprint"), seed=42
)

COMPLETION = Protocol(  # for base models
    name="humaneval",
    version=1,
    template="{question}",
    extraction=Extraction(before="{prompt}"),
    continues=True,
    sampling=_SAMPLING,
    judge=JudgeSpec(mode="asserts"),
)
INSTRUCT = Protocol(
    name="humaneval-instruct",
    version=1,
    template=(
        "Write a solution to the following problem and make sure that it passes the tests:\n"
        "```python\n{question}\n```\n"
    ),
    answer_prefix="Here is the completed function:\n```python\n{question}\n",
    extraction=Extraction(stop=("```",), before="{prompt}"),
    continues=True,
    sampling=_SAMPLING,
    judge=JudgeSpec(mode="asserts"),
)


def _task(name: str, protocol: Protocol, hub: HubData, dataset: str, version: float) -> LmEvalTask:
    return LmEvalTask(
        name=name,
        dataset=dataset,
        protocol=protocol.ident,
        metrics=("pass@1",),
        filter="create_test",
        hub=hub,
        version=version,
    )


_HUB = HubData("openai/openai_humaneval", None)

HUMANEVAL = Benchmark(
    name="humaneval",
    rows=Rows(marks=frozenset({"task_id", "entry_point", "test"}), header_of=header_of, problem_of=problem_of),
    download=Download(
        files=(
            DataFile("HumanEval.jsonl.gz", 164, "b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef"),
        ),
        url="https://raw.githubusercontent.com/openai/human-eval/{revision}/data/{file}",
        revision="master",
    ),
    protocols=(COMPLETION, INSTRUCT),
    lm_eval_tasks=(
        _task("humaneval", COMPLETION, _HUB, "humaneval", 1.0),
        _task("humaneval_instruct", INSTRUCT, _HUB, "humaneval", 4.0),
        _task("humaneval_plus", COMPLETION, HubData("evalplus/humanevalplus", None), "humaneval_plus", 1.0),
    ),
)
