"""A run from its ledger rows into the files of other tools."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from farm.benchmarks import HubData, LmEvalTask
from farm.benchmarks.registry import benchmark_with, lm_eval_tasks
from farm.catalogue.eval_tasks import task_of
from farm.errors import ConfigError, RunIncomplete
from farm.ledger.ledger import Ledger
from farm.protocols import Protocol, answer_of
from farm.records import RunSpec, ServedModel
from farm.reports.details import ProblemDetail, SampleDetail
from farm.reports.exports import inspect_log, lcb, tt_reports
from farm.reports.exports.lm_eval import Document, results_of, sample_line, sanitized, write
from farm.reports.exports.rows import rows, write_csv, write_parquet
from farm.reports.write import durable, path_part
from farm.results.details import Load, known_protocol, problem_details
from farm.results.reporting import score_run
from farm.scoring.report import Report

GRADED = ServedModel(name="completions", repo="completions", device="none")  # of runs that only judged


class Export:
    """One run on its way out. `model_id` is tt-inference-server's name of the model on its device."""

    def __init__(self, ledger: Ledger, run_id: str, load: Load, out: Path, model_id: str) -> None:
        self._ledger, self._run_id, self._load, self._out = ledger, run_id, load, out
        self._row = ledger.run(run_id)
        self.report: Report = score_run(ledger, run_id)
        # As other tools are told of it: under the name of what was measured
        named = self.report.spec.model_copy(update={"eval_task": _measured(self._row.spec)})
        self._named: Report = self.report.model_copy(update={"spec": named})
        self._model = self._row.spec.model or GRADED
        self._model_id = (
            path_part(model_id, "--model-id")
            if model_id
            else f"id_farm_{sanitized(self._model.name)}_{sanitized(self._model.device)}"
        )

    def write(self, form: str) -> list[Path]:
        """Write one of FORMATS; the paths. RunIncomplete where the format has no word for an unjudged sample."""
        return FORMATS[form](self)

    def _problems(self) -> Iterator[ProblemDetail]:
        """The run's problems. A program that was given without an answer stands in one that other tools read."""
        protocol = known_protocol(self._row.spec.protocol)
        for problem in problem_details(self._ledger, self._run_id, self._load):
            own_code = "" if problem.suite is None else problem.suite.own_code
            yield replace(problem, samples=tuple(_answered(s, protocol, own_code) for s in problem.samples))

    def _complete(self) -> None:
        if not self.report.complete:
            raise RunIncomplete(
                f"run {self._run_id} is INCOMPLETE, for which this format has no word",
                remedy=f"finish it: farm resume {self._run_id}",
            )

    def _json(self, path: Path, value: Any, indent: int = 4) -> Path:
        with durable(path) as file:
            file.write(json.dumps(value, indent=indent, ensure_ascii=True).encode() + b"\n")
        return path

    def lm_eval(self, folder: Path | None = None) -> list[Path]:
        """results_*.json and samples_*.jsonl, one task, without hidden tests."""
        self._complete()
        spec = self._row.spec.model_copy(update={"model": self._model})
        task = _task(spec)
        documents = [
            Document(
                problem_id=problem.problem_id,
                title=problem.title,
                prompt="" if problem.prompt is None else problem.prompt.to_json().decode(),
                answers=tuple(sample.text for sample in problem.samples),
                programs=tuple(sample.program or "" for sample in problem.samples),
                passed=tuple(sample.passed for sample in problem.samples),
                given_as_code=tuple(sample.given_as_code for sample in problem.samples),
            )
            for problem in self._problems()
        ]
        timing = self.report.telemetry.timing
        results = results_of(task, self._run_id, spec, documents, date=timing.started_at, seconds=timing.wall_s)
        for score in self.report.pass_at_k:
            results["results"][task.name][f"pass@{score.k},{task.filter}"] = score.score
        lines = (sample_line(task, spec, place, document) for place, document in enumerate(documents))
        return write(folder or self._out, task, results, lines, timing.finished_at or timing.started_at)

    def livecodebench(self) -> list[Path]:
        """output/<model>/Scenario.codegeneration_n_t.json, _eval.json and _eval_all.json."""
        self._complete()
        problems = list(self._problems())
        folder = path_part(self._model.name, "the model's name")
        stem = self._out / "output" / folder / lcb.file_stem(self._row.spec)
        return [
            self._json(stem.with_name(f"{stem.name}.json"), [lcb.instance(problem) for problem in problems]),
            self._json(stem.with_name(f"{stem.name}_eval.json"), lcb.evaluation(self.report, problems)),
            self._json(stem.with_name(f"{stem.name}_eval_all.json"), [lcb.graded(problem) for problem in problems]),
        ]

    def tt(self) -> list[Path]:
        """Today's report data below reports_output/, and the lm-eval results that it is made of."""
        name = tt_reports.report_id(self._named, self._served(), self._model_id, "head")
        value = tt_reports.head_report(self._named, self._served(), self._model_id, name)
        path = self._out / "reports_output" / "evals" / "data" / f"report_data_{name}.json"
        return [self._json(path, value), *self._evals_output()]

    def tt_seed(self) -> list[Path]:
        """The first report data below reports_output/, and the lm-eval results that its workflow reads."""
        model = self._served()
        name = tt_reports.report_id(self._named, model, self._model_id, "seed")
        base = self._out / "reports_output"
        summary = base / "evals" / f"summary_{name}.md"
        with durable(summary) as file:
            file.write(tt_reports.seed_markdown(self._named, model).encode())
        return [
            self._json(
                base / "release" / "data" / f"report_data_{name}.json",
                tt_reports.seed_report(self._named, model, self._model_id, name),
            ),
            self._json(base / "evals" / "data" / f"eval_data_{name}.json", [tt_reports.seed_row(self._named, model)]),
            summary,
            *self._evals_output(),
        ]

    def inspect(self) -> list[Path]:
        """One JSON log of Inspect."""
        path = self._out / inspect_log.file_name(self._named)
        log = inspect_log.log_of(self._named, self._problems(), self.report.score_digest())
        return [self._json(path, log, indent=2)]

    def csv(self) -> list[Path]:
        """samples.csv."""
        path = self._out / "samples.csv"
        with durable(path) as file:
            write_csv(file, rows(self._run_id, self._problems()))
        return [path]

    def parquet(self) -> list[Path]:
        """samples.parquet."""
        path = self._out / "samples.parquet"
        with durable(path) as file:
            write_parquet(file, rows(self._run_id, self._problems()))
        return [path]

    def _evals_output(self) -> list[Path]:
        return self.lm_eval(self._out / "evals_output" / f"eval_{self._model_id}")

    def _served(self) -> ServedModel:
        if self._row.spec.model is None:
            raise ConfigError(f"run {self._run_id} judged completions of no known model and device")
        self._complete()
        return self._model


def _answered(sample: SampleDetail, protocol: Protocol | None, own_code: str) -> SampleDetail:
    if protocol is None or not sample.given_as_code:
        return sample
    return replace(sample, text=answer_of(protocol, sample.text, own_code))


def _measured(spec: RunSpec) -> str:
    """The name of what was measured: the eval task, but for a run that judged answers of a file."""
    if spec.kind != "grade":
        return spec.eval_task
    return task_of(spec.protocol) or benchmark_with(spec.protocol) or spec.dataset.name


def _task(spec: RunSpec) -> LmEvalTask:
    """What was measured, under lm-eval's names where it has the task."""
    name = _measured(spec)
    known = lm_eval_tasks().get(name)
    if known is not None:
        return replace(known, dataset=spec.dataset.name, protocol=spec.protocol)
    return LmEvalTask(
        name=name, dataset=spec.dataset.name, protocol=spec.protocol, metrics=("acc",), filter="none",
        hub=HubData(spec.dataset.name, None), version=1.0,
    )  # fmt: skip


FORMATS: dict[str, Callable[[Export], list[Path]]] = {
    "lm-eval": Export.lm_eval,
    "tt": Export.tt,
    "tt-seed": Export.tt_seed,
    "livecodebench": Export.livecodebench,
    "inspect": Export.inspect,
    "csv": Export.csv,
    "parquet": Export.parquet,
}
