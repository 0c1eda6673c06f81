"""How full a model server is kept, and how long a run takes: farm, the ideal schedule, and the old way.

    python bench/serving.py [--slots 32 256] [--samples 1000] [--scale 4 1] [--lm-eval PYTHON] [--json FILE]

A scripted server (tests/support/model_server.py, real HTTP, streaming) with so many slots answers as a model does: a
quarter of a second for the prompt, 40 tokens a second for each slot, lengths with a long tail. Their spread is that
of recorded LiveCodeBench answers: by difficulty, between problems (0.48 of the logarithm) and within one (0.27).
`--scale` makes the server so many times faster, one value for each of --slots. All programs of a problem are the
same, so that few are executed: this measures serving, on machines where the sandbox shares the cores with the server.

    slots in use   mean share of the slots, from the first request until nothing is left to send (the tail)
    wall           from the first request to the last token, and the ideal: each slot takes the longest answer
                   that is left, all lengths known before (a schedule that must guess them may not reach it),
                   with the times that the requests had in this very run: a busy machine slows the server down
    after          from the last token to the report

`farm again` is a second run in the same ledger: it knows from the first how long the answers to a problem are.

The old way is lm-evaluation-harness (`local-completions`, `num_concurrent` slots) on the same prompts, then `farm
grade` of its answers: `--lm-eval` is the Python of an environment that has it (`pip install 'lm-eval[api]'`, no torch).
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from farm.ids import sample_seed
from tests.support.farm_process import environment
from tests.support.model_server import ModelServer

ROOT = Path(__file__).resolve().parents[1]
MODEL = "meta-llama/Llama-3.2-3B-Instruct"
PER_PROBLEM = 10
PREFILL_S, TOKENS_PER_S, MAX_TOKENS = 0.25, 40.0, 2048
MEDIAN = {"easy": 230, "medium": 560, "hard": 680}
BETWEEN, WITHIN = 0.48, 0.27
PROGRAM = "```python\nprint(input())\n```\n"


@dataclass(frozen=True)
class Sample:
    """One answer to come: its problem, index and length in tokens."""

    problem_id: str
    index: int
    tokens: int

    @property
    def marker(self) -> str:
        return f"sample {self.problem_id}/{self.index};"


@dataclass(frozen=True)
class Measured:
    """One way of doing the run."""

    way: str
    slots: int
    samples: int
    wall_s: float
    ideal_s: float
    slots_in_use: float  # share, until the tail
    most_in_flight: int
    after_s: float

    @property
    def ratio(self) -> float:
        return self.wall_s / self.ideal_s


# --- material -----------------------------------------------------------------------------------


def workload(count: int, seed: int) -> tuple[dict[str, str], list[Sample]]:
    """Problems with their difficulty, and their samples."""
    chance = random.Random(seed)
    problems = {f"p{n:04d}": ("easy", "medium", "hard")[n % 3] for n in range(math.ceil(count / PER_PROBLEM))}
    samples = []
    for problem_id, difficulty in problems.items():
        middle = math.log(MEDIAN[difficulty]) + chance.gauss(0, BETWEEN)
        for index in range(PER_PROBLEM):
            tokens = min(MAX_TOKENS, max(20, round(math.exp(middle + chance.gauss(0, WITHIN)))))
            samples.append(Sample(problem_id, index, tokens))
    return problems, samples


def ideal(took_s: list[float], slots: int) -> float:
    """The wall time if every slot always took the longest answer that is left."""
    ends = [0.0] * slots
    for took in sorted(took_s, reverse=True):
        heapq.heapreplace(ends, ends[0] + took)
    return max(ends)


def dataset(folder: Path, problems: dict[str, str]) -> Path:
    """The problems in LiveCodeBench's form: each wants its input back."""
    path = folder / "problems.jsonl"
    test = json.dumps([{"input": "7\n", "output": "7\n", "testtype": "stdin"}])
    rows = [
        {
            "question_id": problem_id, "question_title": problem_id, "question_content": f"Task {problem_id}; echo.",
            "platform": "atcoder", "difficulty": difficulty, "contest_id": "c", "contest_date": "2024-10-01T00:00:00",
            "starter_code": "", "public_test_cases": test, "private_test_cases": "[]", "metadata": "{}",
        }
        for problem_id, difficulty in problems.items()
    ]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def answer_of(tokens: int) -> str:
    """A program, and words before it until the answer is so long."""
    return "word" * max(0, tokens - math.ceil(len(PROGRAM) / 4)) + PROGRAM


def served(samples: list[Sample], slots: int, scale: float) -> ModelServer:
    """The server. It knows a sample by its marker, or by problem and seed."""
    by_seed = {(s.problem_id, sample_seed(42, s.problem_id, s.index)): s.tokens for s in samples}
    by_marker = {sample.marker: sample.tokens for sample in samples}

    def answer(prompt: str, seed: int) -> str:
        if "sample p" in prompt:
            return answer_of(by_marker["sample p" + prompt.partition("sample p")[2].partition(";")[0] + ";"])
        problem_id = prompt.partition("Task ")[2].partition(";")[0]
        tokens = by_seed.get((problem_id, seed))
        return "ready" if tokens is None else answer_of(tokens)

    return ModelServer(
        answer=answer, model=MODEL, slots=slots, prefill_s=PREFILL_S / scale, decode_s=1 / TOKENS_PER_S / scale,
        tokens_per_event=32, max_context=131072,
    )  # fmt: skip


# --- the ways -----------------------------------------------------------------------------------


def measured(way: str, server: ModelServer, samples: list[Sample], slots: int, ended: float) -> Measured:
    """From the server's own record of when its slots were taken. The readiness probe is no part of it."""
    line = list(server.timeline)
    while line and line[1][1] == 0:  # alone: a probe
        line = line[2:]
    begin, last = line[0][0], line[-1][0]
    starts = [at for (at, now), (_, before) in zip(line[1:], line, strict=False) if now > before]
    tail = max([begin, *starts])
    area = sum((min(after, tail) - at) * now for (at, now), (after, _) in pairwise(line) if at < tail)
    best = ideal(server.took_s[-len(samples) :], slots)
    share = area / (tail - begin) / slots
    return Measured(way, slots, len(samples), last - begin, best, share, server.max_in_flight, ended - last)


def by_farm(
    way: str, folder: Path, problems: dict[str, str], samples: list[Sample], slots: int, scale: float
) -> Measured:
    """`farm submit`: generation and grading at the same time. A second run in `folder` knows how long answers are."""
    home = folder / "farm"
    catalogue = folder / "slots.yaml"
    catalogue.write_text(f"models:\n  - {{repo: {MODEL}, device: n300, max_concurrency: {slots}}}\n")
    with served(samples, slots, scale) as server:
        command = [
            sys.executable, "-m", "farm", "submit", "--model", MODEL.rpartition("/")[2], "--device", "n300",
            "--server-url", server.url, "--catalogue", str(catalogue), "--dataset", str(dataset(folder, problems)),
            "--n", str(PER_PROBLEM), "--temperature", "0.2", "--max-tokens", str(MAX_TOKENS), "--judge", "judge",
        ]  # fmt: skip
        _run(command, home, folder / "farm.log")
        return measured(way, server, samples, slots, time.monotonic())


def by_harness(
    python: str, folder: Path, problems: dict[str, str], samples: list[Sample], slots: int, scale: float
) -> Measured:
    """lm-evaluation-harness, then grading."""
    home, task = folder / "old", folder / "task"
    home.mkdir()
    task.mkdir()
    rows = [{"prompt": f"Task {s.problem_id}; echo. {s.marker}", "id": s.problem_id, "index": s.index} for s in samples]
    (task / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (task / "serving.yaml").write_text(
        f"task: serving\ndataset_path: json\ndataset_kwargs: {{data_files: {{test: {task / 'rows.jsonl'}}}}}\n"
        "test_split: test\noutput_type: generate_until\ndoc_to_text: '{{prompt}}'\ndoc_to_target: ''\n"
        f"generation_kwargs: {{until: ['<|never|>'], max_gen_toks: {MAX_TOKENS}, temperature: 0.2, do_sample: true}}\n"
        "metric_list: [{metric: bypass, aggregation: bypass, higher_is_better: true}]\n"
    )
    with served(samples, slots, scale) as server:
        arguments = (
            f"model={MODEL},base_url={server.url}/v1/completions,num_concurrent={slots},max_retries=3,"
            "tokenized_requests=False,tokenizer_backend=None,timeout=1800"
        )
        command = [
            python, "-m", "lm_eval", "--model", "local-completions", "--model_args", arguments, "--tasks", "serving",
            "--include_path", str(task), "--output_path", str(home / "results"), "--log_samples", "--batch_size", "1",
        ]  # fmt: skip
        _run(command, home, folder / "old.log")
        answers = folder / "answers.jsonl"
        with answers.open("w") as out:
            for path in (home / "results").rglob("samples_*.jsonl"):
                for line in path.read_text().splitlines():
                    row = json.loads(line)
                    one = {"question_id": row["doc"]["id"], "output": row["resps"][0][0]}
                    out.write(json.dumps(one) + "\n")
        grade = [
            sys.executable, "-m", "farm", "grade", "--dataset", str(dataset(folder, problems)), "--completions",
            str(answers), "--judge", "judge",
        ]  # fmt: skip
        _run(grade, home, folder / "grade.log")
        return measured("lm-eval, then grading", server, samples, slots, time.monotonic())


def _run(command: list[str], home: Path, log: Path) -> None:
    env = environment(home, HF_DATASETS_CACHE=str(home / "hf"), HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    with log.open("wb") as sink:
        code = subprocess.run(command, env=env, stdout=sink, stderr=sink, check=False).returncode
    if code:
        raise SystemExit(f"{command[2:4]} ended with {code}:\n{log.read_text()[-3000:]}")


# --- telling ------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--slots", type=int, nargs="+", default=[32, 256])
    parser.add_argument("--scale", type=float, nargs="+", default=[4.0, 1.0])
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--lm-eval", metavar="PYTHON", help="Python of an environment with lm-evaluation-harness")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    problems, samples = workload(options.samples, options.seed)
    tokens = sorted(sample.tokens for sample in samples)
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {len(samples)} samples of "
          f"{len(problems)} problems, tokens: median {tokens[len(tokens) // 2]}, longest {tokens[-1]}")  # fmt: skip
    print(f"{'':24}{'slots in use':>14}{'most':>6}{'wall s':>9}{'ideal s':>9}{'ratio':>7}{'after s':>9}", flush=True)
    found = []
    for slots, scale in zip(options.slots, options.scale, strict=True):
        with tempfile.TemporaryDirectory(prefix="serving-") as folder:
            ways: list[Callable[[], Measured]] = [
                partial(by_farm, way, Path(folder), problems, samples, slots, scale) for way in ("farm", "farm again")
            ]
            if options.lm_eval:
                ways.append(partial(by_harness, options.lm_eval, Path(folder), problems, samples, slots, scale))
            for way in ways:
                row = way()
                found.append(row)
                print(
                    f"{slots:>4} x{scale:<4g}{row.way:<15.15}{100 * row.slots_in_use:>13.1f}%{row.most_in_flight:>6}"
                    f"{row.wall_s:>9.1f}{row.ideal_s:>9.1f}{row.ratio:>7.3f}{row.after_s:>9.1f}",
                    flush=True,
                )
    if options.json:
        options.json.write_text(json.dumps([{**asdict(row), "ratio": row.ratio} for row in found], indent=2))


if __name__ == "__main__":
    main()
