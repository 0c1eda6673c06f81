"""Results of a code task in the files of lm-evaluation-harness, written without it.

    OUT/<model, "/" as "__">/results_<time>.json and samples_<task>_<time>.jsonl

One task per file, scores as fractions, stderr as lm-eval's: what tt-inference-server's report reader and lm-eval's
own tooling take. A sample file shows a problem's name and title in place of its hidden tests. Pure but for `write`.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import farm
from farm.benchmarks import LmEvalTask
from farm.records import RunSpec
from farm.records.fields import sent
from farm.reports.write import durable, path_part
from farm.scoring.extract import GIVEN_AS_CODE


@dataclass(frozen=True, slots=True)
class Document:
    """One problem with its answers, in order of their index."""

    problem_id: str
    title: str
    prompt: str  # JSON of the prompt's messages
    answers: tuple[str, ...]
    programs: tuple[str, ...]  # as extracted; empty: no code
    passed: tuple[bool, ...]
    given_as_code: tuple[bool, ...] = ()  # the answer was made of a program that was given alone

    @property
    def score(self) -> float:
        """The share of right answers: pass@1 of this problem."""
        return sum(self.passed) / len(self.passed)


def results_of(
    task: LmEvalTask, run_id: str, spec: RunSpec, documents: Sequence[Document], *, date: float, seconds: float
) -> dict[str, Any]:
    """The results file. `date` is Unix time, `seconds` how long the evaluation took."""
    assert spec.model is not None
    scores = [document.score for document in documents]
    mean, error = sum(scores) / len(scores), _stderr(scores)
    figures: dict[str, Any] = {"alias": task.name}
    for metric in task.metrics:
        figures[f"{metric},{task.filter}"] = mean
        figures[f"{metric}_stderr,{task.filter}"] = error
    hashes = "".join(
        line[name] for line in map(_hashes, documents) for name in ("doc_hash", "prompt_hash", "target_hash")
    )
    sampling = spec.sampling
    return {
        "results": {task.name: figures},
        "group_subtasks": {task.name: []},
        "configs": {
            task.name: {
                "task": task.name,
                "dataset_path": task.hub.path,
                "output_type": "generate_until",
                "repeats": sampling.n,
                "generation_kwargs": _generation_kwargs(spec),
                "metadata": {"version": task.version},
            }
        },
        "versions": {task.name: task.version},
        "n-shot": {task.name: task.shots},
        "higher_is_better": {task.name: dict.fromkeys(task.metrics, True)},
        "n-samples": {task.name: {"original": len(documents), "effective": len(documents)}},
        "config": {
            "model": "farm",
            "model_args": {"model": spec.model.repo, "device": spec.model.device},
            "limit": None,
            "gen_kwargs": {},
            "random_seed": sampling.seed if spec.kind == "evaluate" else None,
        },
        "git_hash": None,
        "date": date,
        "pretty_env_info": "",
        "transformers_version": "",
        "lm_eval_version": "",
        "upper_git_hash": None,
        "task_hashes": {task.name: _sha(hashes)},
        "model_source": "farm",
        "model_name": spec.model.repo,
        "model_name_sanitized": sanitized(spec.model.repo),
        "system_instruction": None,
        "system_instruction_sha": None,
        "fewshot_as_multiturn": True,
        "chat_template": None,
        "chat_template_sha": None,
        "total_evaluation_time_seconds": str(seconds),
        "farm": {"version": farm.__version__, "run": run_id, "protocol": spec.protocol, "judge": spec.judge.mode},
    }


def sample_line(task: LmEvalTask, spec: RunSpec, place: int, document: Document) -> dict[str, Any]:
    """A document's row of the samples file."""
    kwargs = _generation_kwargs(spec)
    return {
        "doc_id": place,
        "doc": _doc(document),
        "target": document.problem_id,
        "arguments": {"gen_args_0": {"arg_0": document.prompt, "arg_1": kwargs}},
        "resps": [list(document.answers)],
        "filtered_resps": [list(document.programs)],
        **({GIVEN_AS_CODE: list(document.given_as_code)} if any(document.given_as_code) else {}),
        "filter": task.filter,
        "metrics": list(task.metrics),
        **_hashes(document),
        **dict.fromkeys(task.metrics, document.score),
    }


def _generation_kwargs(spec: RunSpec) -> dict[str, Any]:
    """How the answers were asked for; empty for those that came from a file, which does not say it."""
    sampling = spec.sampling
    if spec.kind == "grade":
        return {}
    drawn = {name: value for name, value in sent(sampling).items() if name not in ("max_tokens", "stop")}
    return {
        "until": list(sampling.stop),
        "max_gen_toks": sampling.max_tokens,
        "do_sample": bool(sampling.temperature),
        **drawn,
    }


def write(
    folder: Path, task: LmEvalTask, results: dict[str, Any], lines: Iterable[dict[str, Any]], moment: float
) -> list[Path]:
    """Write both files below `folder`; their paths. ConfigError if that cannot be."""
    place = folder / path_part(results["model_name_sanitized"], "the model's name")
    stamp = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H-%M-%S.%f")
    paths = [place / f"results_{stamp}.json", place / f"samples_{path_part(task.name, 'the task')}_{stamp}.jsonl"]
    with durable(paths[0]) as file:
        file.write(json.dumps(results, indent=2, ensure_ascii=False).encode())
    with durable(paths[1]) as file:
        for line in lines:
            file.write(json.dumps(line).encode("ascii") + b"\n")
    return paths


def sanitized(model: str) -> str:
    """A model's name as lm-eval makes a folder of it."""
    return re.sub(r"[\"<>:/|\\?*\[\]]+", "__", model)


def _doc(document: Document) -> dict[str, str]:
    return {"problem_id": document.problem_id, "title": document.title}


def _hashes(document: Document) -> dict[str, str]:
    return {
        "doc_hash": _sha(json.dumps(_doc(document), indent=2, ensure_ascii=False)),
        "prompt_hash": _sha(document.prompt),
        "target_hash": _sha(document.problem_id),
    }


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _stderr(scores: Sequence[float]) -> float | str:
    """The sample's deviation over the root of n, as lm-eval's `mean_stderr`; "N/A" for one document."""
    if len(scores) < 2:
        return "N/A"
    mean = sum(scores) / len(scores)
    return math.sqrt(sum((score - mean) ** 2 for score in scores) / (len(scores) - 1)) / math.sqrt(len(scores))
