"""LiveCodeBench's code generation: its protocols, where its releases are, and its errata.

`official`: LiveCodeBench at 28fef95, `lcb_runner/prompts/code_generation.py`, `runner/parser.py` and
`runner/vllm_runner.py`. `tt`: Tenstorrent's lm-eval task (tstescoTT/lm-evaluation-harness at 44e770e8).
`seed`: the design document of the LiveCodeBench integration. The texts are byte for byte theirs, the
odd space before the last `###` of `tt` included; test vectors guard them.

The data is plain JSONL on the Hugging Face hub; the loading script there is not needed
(https://huggingface.co/datasets/livecodebench/code_generation_lite).
"""

from __future__ import annotations

from farm.benchmarks.benchmark import Benchmark, DataFile, Download, HubData, LmEvalTask, Rows
from farm.benchmarks.livecodebench.checkers import CHECKERS
from farm.benchmarks.livecodebench.errata import ERRATA
from farm.benchmarks.livecodebench.rows import FIELDS, header_of, problem_of
from farm.benchmarks.livecodebench.self_repair import SELF_REPAIR
from farm.records import Extraction, JudgeSpec, Protocol, Sampling
from farm.records.thinking_marks import ALL_MARKS

SYSTEM = (
    "You are an expert Python programmer. You will be given a question (problem specification) and will generate a "
    "correct Python program that matches the specification and passes all tests."
)
WITH_STARTER = (
    "You will use the following starter code to write the solution to the problem and enclose your code within "
    "delimiters."
)
FROM_STDIN = (
    "Read the inputs from stdin solve the problem and write the answer to stdout (do not directly test on the sample "
    "inputs). Enclose your code within delimiters as follows."
)
ENSURE = (
    "Ensure that when the python program runs, it reads the inputs, runs the algorithm and writes output to STDOUT."
)
TEMPLATE = (
    "### Question:\n{question}\n\n### Format: {format}\n```python\n{code}\n```\n\n"
    "### Answer: (use the provided format with backticks)\n\n"
)
TT_TEMPLATE = TEMPLATE.replace("\n\n### Answer", "\n\n ### Answer")
SEED_TEMPLATE = "### Question:\n{question}\n\n### Answer: (Please provide your answer in a Python code block)\n\n"
PLACEHOLDER = "# YOUR CODE HERE"
END_MARKS = ("<|end_of_text|>", "<|endoftext|>", "<|im_end|>")
THINKING = (("<think>", "</think>"),)

# The seed document's signs of Python in a text without fences
PYTHON_SIGNS = ("def ", "import ", "from ", "class ", "if ", "for ", "while ")

OFFICIAL = Protocol(
    name="official",
    version=1,
    system=SYSTEM,
    template=TEMPLATE,
    formats=(WITH_STARTER, f"{FROM_STDIN} {ENSURE}"),
    code_placeholder=PLACEHOLDER,
    extraction=Extraction(fence="last"),
    sampling=Sampling(n=10, temperature=0.2, top_p=0.95, max_tokens=2000, stop=("###",)),
    judge=JudgeSpec(mode="lcb", variant="official"),
)

TT = Protocol(
    name="tt",
    version=1,
    template=TT_TEMPLATE,
    formats=(WITH_STARTER, FROM_STDIN),
    code_placeholder=PLACEHOLDER,
    extraction=Extraction(fence="first"),
    sampling=Sampling(n=1, temperature=0.0, max_tokens=2048, stop=END_MARKS, seed=42),
    judge=JudgeSpec(mode="lcb", variant="tt"),
)

PROTOCOLS = (
    OFFICIAL,
    # LiveCodeBench's OpenAI runner sends no stop string
    OFFICIAL.model_copy(
        update={"name": "official-nostop", "sampling": OFFICIAL.sampling.model_copy(update={"stop": ()})}
    ),
    TT,
    # gemma4_livecodebench_v6: the fork's prompt and judge, thinking removed, sampled as the model's card says
    TT.model_copy(
        update={
            "name": "tt-gemma4",
            "thinking": ALL_MARKS,
            "sampling": Sampling(n=1, temperature=1.0, top_p=0.95, max_tokens=32768, seed=42),
        }
    ),
    Protocol(
        name="seed",
        version=1,
        template=SEED_TEMPLATE,
        extraction=Extraction(fence="first", unfenced_signs=PYTHON_SIGNS),
        sampling=Sampling(n=1, temperature=0.0, max_tokens=2048, stop=END_MARKS, seed=42),
        judge=JudgeSpec(mode="judge", comparator="strip@1"),
    ),
    # Thinking models: room to think, the answer judged without the thinking part
    OFFICIAL.model_copy(
        update={
            "name": "reason",
            "thinking": THINKING,
            "sampling": Sampling(n=1, temperature=0.6, top_p=0.95, max_tokens=32768),
        }
    ),
    # The same for the marks of all models: gemma-4, gpt-oss and others where no parser takes reasoning out
    OFFICIAL.model_copy(
        update={
            "name": "reason",
            "version": 2,
            "thinking": ALL_MARKS,
            "sampling": Sampling(n=1, temperature=0.6, top_p=0.95, max_tokens=32768),
        }
    ),
)

# Rows of each file of the hub's repository; a release is the first files together (its README)
_FILES = (
    DataFile("test.jsonl", 400),
    DataFile("test2.jsonl", 111),
    DataFile("test3.jsonl", 101),
    DataFile("test4.jsonl", 101),
    DataFile("test5.jsonl", 167),
    DataFile("test6.jsonl", 175),
)

LIVECODEBENCH = Benchmark(
    name="livecodebench",
    rows=Rows(marks=frozenset({"question_id", "public_test_cases"}), header_of=header_of, problem_of=problem_of),
    download=Download(
        files=_FILES,
        url="{endpoint}/datasets/{repo}/resolve/{revision}/{file}",
        revision="main",
        repo="livecodebench/code_generation_lite",
        releases=tuple(f"v{number}" for number in range(1, len(_FILES) + 1)),
        columns=FIELDS,
    ),
    protocols=PROTOCOLS,
    follow_ups=(SELF_REPAIR,),
    checkers=CHECKERS,
    errata=ERRATA,
    lm_eval_tasks=(
        LmEvalTask(
            name="livecodebench",
            dataset="livecodebench",
            protocol="seed@1",
            eval_protocol="official",
            metrics=("acc", "pass@1"),
            filter="none",
            hub=HubData("livecodebench/code_generation_lite", None),
            version=1.0,
        ),
        # tt-inference-server's reference_config/evals/lm_eval_tasks/gemma4_31b/livecodebench_v6.yaml at ec1d62eb
        LmEvalTask(
            name="gemma4_livecodebench_v6",
            dataset="livecodebench",
            release="v6-only",
            protocol="tt-gemma4@1",
            metrics=("acc",),
            filter="none",
            hub=HubData("json", None),
            version=1.0,
        ),
    ),
)
