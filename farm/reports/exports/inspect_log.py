"""A run as a log of Inspect (format 2, JSON), for `inspect log` and `inspect view`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from farm.ids import sha256_hex
from farm.records import SampleResult
from farm.records.fields import sent
from farm.reports.details import ProblemDetail, SampleDetail
from farm.reports.write import path_part
from farm.scoring.extract import GIVEN_AS_CODE
from farm.scoring.report import Report
from farm.text import printable

LETTERS = {True: "C", False: "I"}
SCORER = "farm"


def log_of(report: Report, problems: Iterable[ProblemDetail], score_digest: str) -> dict[str, Any]:
    """The log. `score_digest` is the run's own, whatever name its eval task has here.

    Texts are whole; what no JSON reader takes (lone surrogates) is shown as escapes.
    """
    spec, timing = report.spec, report.telemetry.timing
    model = "none" if spec.model is None else f"farm/{spec.model.repo}"
    score = report.pass_at_1
    metrics = {} if score is None else {"accuracy": {"name": "accuracy", "value": score.score, "params": {}}}
    if score is not None and score.standard_error is not None:
        metrics["stderr"] = {"name": "stderr", "value": score.standard_error, "params": {}}
    # How answers of a file were asked for is not known
    asked = sent(spec.sampling) if spec.kind == "evaluate" else {}
    config = {"stop_seqs" if name == "stop" else name: value for name, value in asked.items()}
    samples = [sample for problem in problems for sample in _samples(problem, model)]
    ids = list(dict.fromkeys(sample["id"] for sample in samples))
    usage = _usage(report)
    return {
        "version": 2,
        "status": "success" if report.complete else "cancelled",
        "eval": {
            "eval_id": _id(report.run_id),
            "run_id": _id(report.run_id),
            "created": _time(timing.started_at),
            "task": spec.eval_task,
            "task_id": _id(report.run_id + spec.eval_task),
            "task_version": 0,
            "task_attribs": {},
            "task_args": {"protocol": spec.protocol, "judge": spec.judge.mode},
            "dataset": {
                "name": spec.dataset.name, "location": spec.dataset.source, "samples": len(ids), "sample_ids": ids,
                "shuffled": False,
            },
            "model": model,
            "model_args": {},
            "config": {"epochs": max(1, report.samples_per_problem[1])},
            "model_generate_config": config,
            "packages": {"farm": report.versions.farm},
            "metadata": {"farm_run": report.run_id, "score_digest": score_digest},
        },
        "plan": {"name": "plan", "steps": [], "config": {}},
        "results": {
            "total_samples": report.coverage.planned,
            "completed_samples": report.coverage.judged,
            "scores": [{"name": SCORER, "scorer": SCORER, "params": {}, "metrics": metrics}],
        },
        "stats": {
            "started_at": _time(timing.started_at),
            "completed_at": _time(timing.finished_at or timing.started_at),
            "model_usage": {model: usage} if usage else {},
        },
        "samples": samples,
    }  # fmt: skip


def file_name(report: Report) -> str:
    """`<time>_<task>_<id>.json`, as Inspect names its logs."""
    moment = datetime.fromtimestamp(report.telemetry.timing.started_at, UTC)
    task = path_part(report.spec.eval_task.replace("_", "-"), "the eval task")
    return f"{moment:%Y-%m-%dT%H-%M-%S+00-00}_{task}_{_id(report.run_id)}.json"


def _samples(problem: ProblemDetail, model: str) -> Iterator[dict[str, Any]]:
    asked = [] if problem.prompt is None else [m.model_dump(mode="json") for m in problem.prompt.messages]
    messages = [{"role": m["role"], "content": _clean(m["content"])} for m in asked]
    if not messages:
        messages = [{"role": "user", "content": _clean(problem.statement)}]
    for sample in problem.samples:
        answer = {"role": "assistant", "content": _clean(sample.text), "model": model, "source": "generate"}
        choice = {"message": answer, "stop_reason": "max_tokens" if sample.truncated else "stop"}
        found: dict[str, Any] = {
            "id": problem.problem_id,
            "epoch": sample.key.index + 1,
            "input": messages,
            "target": "",
            "messages": [*messages, answer],
            "output": {"model": model, "choices": [choice], **_told(sample)},
            "metadata": {
                "title": _clean(problem.title), "difficulty": problem.difficulty, "platform": problem.platform,
                "contest_date": problem.contest_date, "verdict": sample.verdict,
                **({GIVEN_AS_CODE: True} if sample.given_as_code else {}),
            },
            "store": {},
            "events": [],
            "model_usage": {},
            "attachments": {},
        }  # fmt: skip
        if isinstance(sample.outcome, SampleResult):
            found["scores"] = {
                SCORER: {
                    "value": LETTERS[sample.passed],
                    "answer": _clean(sample.program or ""),
                    "explanation": _clean(f"{sample.verdict} {sample.outcome.detail}".strip()),
                    "metadata": {"first_failure": sample.outcome.first_failure},
                }
            }
        yield found


def _told(sample: SampleDetail) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if sample.telemetry is not None and sample.telemetry.latency_s:
        found["time"] = sample.telemetry.latency_s
    usage = None if sample.completion is None else sample.completion.usage
    if usage is not None and usage.completion_tokens is not None:
        prompt = usage.prompt_tokens or 0
        found["usage"] = {
            "input_tokens": prompt, "output_tokens": usage.completion_tokens,
            "total_tokens": prompt + usage.completion_tokens,
        }  # fmt: skip
        thought = None if sample.completion is None else sample.completion.thought
        if thought is not None and thought.tokens is not None:
            found["usage"]["reasoning_tokens"] = thought.tokens
    return found


def _usage(report: Report) -> dict[str, int] | None:
    tokens = report.tokens
    if tokens is None:
        return None
    total = tokens.prompt + tokens.completion
    return {"input_tokens": tokens.prompt, "output_tokens": tokens.completion, "total_tokens": total}


def _clean(text: str) -> str:
    """The text itself, or escaped where UTF-8 has no form of it."""
    return text if text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text) else printable(text, len(text))


def _id(text: str) -> str:
    return sha256_hex(text.encode())[:22]


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()
