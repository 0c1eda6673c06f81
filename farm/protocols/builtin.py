"""The protocols that farm brings, with their sources.

`official`: LiveCodeBench at 28fef95, `lcb_runner/prompts/code_generation.py`, `runner/parser.py` and
`runner/vllm_runner.py`. `tt`: Tenstorrent's lm-eval task (tstescoTT/lm-evaluation-harness at 44e770e8).
`seed`: the design document of the LiveCodeBench integration. The texts are byte for byte theirs, the
odd space before the last `###` of `tt` included; test vectors guard them. HumanEval and MBPP: `python_tests.py`.
LiveCodeBench's other scenarios: `scenarios.py`, `self_repair.py`.
"""

from __future__ import annotations

from farm.errors import ConfigError
from farm.protocols.protocol import Protocol
from farm.protocols.python_tests import PYTHON_TESTS
from farm.protocols.scenarios import SCENARIOS
from farm.protocols.self_repair import SELF_REPAIR
from farm.records import JudgeSpec, Sampling
from farm.text import one_line

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

OFFICIAL = Protocol(
    name="official",
    version=1,
    system=SYSTEM,
    template=TEMPLATE,
    formats=(WITH_STARTER, f"{FROM_STDIN} {ENSURE}"),
    code_placeholder=PLACEHOLDER,
    extraction="last_fence",
    sampling=Sampling(n=10, temperature=0.2, top_p=0.95, max_tokens=2000, stop=("###",)),
    judge=JudgeSpec(mode="lcb", variant="official"),
)

BUILTIN = (
    OFFICIAL,
    # LiveCodeBench's OpenAI runner sends no stop string
    OFFICIAL.model_copy(
        update={"name": "official-nostop", "sampling": OFFICIAL.sampling.model_copy(update={"stop": ()})}
    ),
    Protocol(
        name="tt",
        version=1,
        template=TT_TEMPLATE,
        formats=(WITH_STARTER, FROM_STDIN),
        code_placeholder=PLACEHOLDER,
        extraction="first_fence",
        sampling=Sampling(n=1, temperature=0.0, max_tokens=2048, stop=END_MARKS, seed=42),
        judge=JudgeSpec(mode="lcb", variant="tt"),
    ),
    Protocol(
        name="seed",
        version=1,
        template=SEED_TEMPLATE,
        extraction="first_fence_or_raw",
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
    *PYTHON_TESTS,
    *SCENARIOS,
)

# Of runs whose prompts are lm-eval's, and whose answers lm-eval scores; nobody chooses it
LM_EVAL = Protocol(
    name="lm-eval",
    version=1,
    template="{question}",
    extraction="whole",
    sampling=Sampling(),
    judge=JudgeSpec(),
)


def names() -> tuple[str, ...]:
    """`name@version` of all protocols."""
    return tuple(protocol.ident for protocol in BUILTIN)


def choose(name: str) -> Protocol:
    """A protocol that a user names for problems: not one whose prompts come from elsewhere."""
    found = get(name)
    if found in (LM_EVAL, SELF_REPAIR):
        raise ConfigError(
            f"protocol {found.ident} asks no problem of a dataset", remedy="farm repair RUN, farm submit --task"
        )
    return found


def get(name: str) -> Protocol:
    """A protocol by `name` (its newest version) or `name@version`. ConfigError lists what there is."""
    found = [protocol for protocol in (*BUILTIN, LM_EVAL, SELF_REPAIR) if name in (protocol.name, protocol.ident)]
    if not found:
        raise ConfigError(f"unknown protocol {one_line(name, 60)}", remedy=f"choose one of {', '.join(names())}")
    return max(found, key=lambda protocol: protocol.version)
