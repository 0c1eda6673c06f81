"""`farm.submit`, `farm.grade`, `farm.open_run`: runs made and read by a program.

The way is that of the command line: one request, then `farm.app`. Settings come from the environment, as there.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from farm.api.callbacks import Callbacks, OnProgress, Say
from farm.app import conclude, home
from farm.app import grade as grade_case
from farm.app import submit as submit_case
from farm.app.requests import (
    GradeRequest,
    Judging,
    ModelChoice,
    ProblemChoice,
    ResumeRequest,
    RunOptions,
    ServerChoice,
    StartServer,
    SubmitRequest,
)
from farm.config import load
from farm.errors import ConfigError
from farm.lm_eval.runs.task import TaskChoice
from farm.records import RunSpec, Sampling
from farm.reports.details import SampleDetail
from farm.results.comparing import paired_run
from farm.results.details import problem_details
from farm.results.exporting import FORMATS, Export
from farm.results.reporting import score_run
from farm.scoring.paired import Comparison, compare_runs
from farm.scoring.report import Report


class Run:
    """A recorded run. Each use reads the ledger again, so a run that is being driven can be looked at meanwhile."""

    def __init__(self, run_id: str) -> None:
        """Raises RunNotFound if the ledger has no such run. `farm.open_run` makes one."""
        self._settings = load()
        with home.open_ledger(self._settings) as ledger:
            self._spec = ledger.run(run_id).spec
        self._run_id = run_id

    def __repr__(self) -> str:
        return f"Run({self._run_id!r})"

    @property
    def run_id(self) -> str:
        """The name of the run."""
        return self._run_id

    @property
    def spec(self) -> RunSpec:
        """All that decides its score."""
        return self._spec

    @property
    def state(self) -> str:
        """`planned`, `running`, `interrupted`, `paused`, `complete` or `incomplete`."""
        with home.open_ledger(self._settings) as ledger:
            return ledger.run(self._run_id).state

    @property
    def report(self) -> Report:
        """The report as it stands. `report.complete` is False while a sample has no verdict.

        `report.pass_at_1` is None until then; its `score` is a share of 1, like all scores of a report.
        """
        with home.open_ledger(self._settings) as ledger:
            return score_run(ledger, self._run_id)

    def samples(self) -> Iterator[SampleDetail]:
        """Each planned sample with its verdict, answer and program, in dataset order and by index.

        One problem's samples are in memory at a time. Raises LedgerCorrupt for a row that is not what was written.
        """
        with home.open_ledger(self._settings) as ledger:
            for problem in problem_details(ledger, self._run_id, home.blob_store(self._settings).get):
                yield from problem.samples

    def compare(self, other: Run | str) -> Comparison:
        """`other` against this run, problem by problem: what was not equal, the test, the flips.

        Raises ConfigError for runs without a common problem, RunNotFound.
        """
        name = other.run_id if isinstance(other, Run) else other
        with home.open_ledger(self._settings) as ledger:
            pair = paired_run(ledger, self._run_id), paired_run(ledger, name)
        try:
            return compare_runs(*pair)
        except ValueError as exc:
            raise ConfigError(str(exc)) from exc

    def export(self, form: str, out: str | Path, *, model_id: str = "") -> list[Path]:
        """Write the run as another tool's files into the folder `out`; their paths.

        `form` is one of `farm export --format`. Raises ConfigError for another one, RunIncomplete where the format
        cannot express an unjudged sample.
        """
        if form not in FORMATS:
            raise ConfigError(f"no format {form}", remedy=f"formats: {', '.join(FORMATS)}")
        with home.open_ledger(self._settings) as ledger:
            load_blob = home.blob_store(self._settings).get
            return Export(ledger, self._run_id, load_blob, Path(out), model_id).write(form)

    def resume(
        self,
        *,
        servers: Sequence[str] = (),
        wait_server_s: float = 0.0,
        headers: Mapping[str, str] | None = None,
        options: RunOptions | None = None,
        on_progress: OnProgress | None = None,
        say: Say | None = None,
    ) -> Run:
        """Continue the run: nothing that was recorded is generated or executed again. Raises what `submit` raises."""
        request = ResumeRequest(
            self._run_id, ServerChoice(tuple(servers), wait_server_s, headers=_secret(headers)), options or RunOptions()
        )
        return _opened(conclude.resume(self._settings, request, Callbacks(on_progress, say)))


def open_run(run_id: str) -> Run:
    """A run of the ledger. Raises RunNotFound."""
    return Run(run_id)


def submit(
    model: str,
    device: str | None = None,
    *,
    problems: str | Path | ProblemChoice | None = None,
    task: str | TaskChoice | None = None,
    eval_task: str | None = None,
    protocol: str | None = None,
    sampling: Sampling | None = None,
    ks: Sequence[int] = (),
    judging: Judging | None = None,
    servers: Sequence[str] = (),
    wait_server_s: float = 0.0,
    headers: Mapping[str, str] | None = None,
    served_model_name: str | None = None,
    start_server: StartServer | None = None,
    engine: str | None = None,
    impl: str | None = None,
    force: bool = False,
    run_id: str | None = None,
    options: RunOptions | None = None,
    on_progress: OnProgress | None = None,
    say: Say | None = None,
) -> Run:
    """Generate samples with a model, judge them, and return the run when it has its score (or is detached).

    `problems` is what `--dataset` takes, or a ProblemChoice. `sampling` and `judging` hold what is to differ from
    the protocol: the fields that they are made with. A model without a `device` is taken as its server has it;
    `served_model_name` is its name there, `headers` go with each request and are stored nowhere. `on_progress` is
    called about once a second.

    Raises ConfigError, CatalogueError or DatasetError before anything is recorded, an InferenceError if no server is
    ready, RunIncomplete if samples stay unjudged, and Interrupted after Ctrl-C, or if a callback raises
    KeyboardInterrupt. What was done is kept; the error's `remedy` says how to go on.
    """
    request = SubmitRequest(
        model=ModelChoice(model, device, engine, impl, force=force),
        problems=_problems(problems),
        task=TaskChoice(task) if isinstance(task, str) else task,
        eval_task=eval_task,
        protocol=protocol,
        sampling=sampling or Sampling(),
        ks=tuple(ks),
        judging=judging or Judging(),
        servers=ServerChoice(tuple(servers), wait_server_s, headers=_secret(headers)),
        served_name=served_model_name,
        start_server=start_server,
        run_id=run_id,
        options=options or RunOptions(),
    )
    return _opened(submit_case.submit(load(), request, Callbacks(on_progress, say)))


def grade(
    problems: str | Path | ProblemChoice,
    completions: str | Path | Iterable[Mapping[str, object]],
    *,
    protocol: str | None = None,
    judging: Judging | None = None,
    run_id: str | None = None,
    options: RunOptions | None = None,
    on_progress: OnProgress | None = None,
    say: Say | None = None,
) -> Run:
    """Judge completions that exist already, as a run, and return it when it has its score.

    `completions` is a file that `farm grade` takes, or rows of one: an id (`question_id`, `task_id`, `problem_id` or
    `id`), `output` (the model's text, from which the protocol takes the program) or `code`, and optionally `index`.
    Of a row with both, the code is judged unless a protocol is named. Raises DatasetError with the row that cannot be
    read, and what `submit` raises.
    """
    with _file(completions) as file:
        request = GradeRequest(
            problems=_problems(problems),
            completions=file,
            protocol=protocol,
            judging=judging or Judging(),
            run_id=run_id,
            options=options or RunOptions(),
        )
        outcome = grade_case.grade(load(), request, Callbacks(on_progress, say))
    return _opened(outcome)


def _secret(headers: Mapping[str, str] | None) -> dict[str, SecretStr]:
    return {name: SecretStr(value) for name, value in (headers or {}).items()}


def _problems(given: str | Path | ProblemChoice | None) -> ProblemChoice:
    return given if isinstance(given, ProblemChoice) else ProblemChoice(None if given is None else str(given))


@contextmanager
def _file(completions: str | Path | Iterable[Mapping[str, object]]) -> Iterator[Path]:
    """The completions as a file, which is gone after the block if it had to be made."""
    if isinstance(completions, str | Path):
        yield Path(completions)
        return
    with tempfile.TemporaryDirectory(prefix="farm-grade-") as folder:
        file = Path(folder) / "completions.jsonl"
        try:
            file.write_text("".join(json.dumps(dict(row)) + "\n" for row in completions), encoding="ascii")
        except (TypeError, ValueError) as exc:
            raise ConfigError(f"a completion is no row of JSON: {exc}") from exc
        yield file


def _opened(outcome: conclude.Outcome) -> Run:
    """The run of an outcome, or the error that says why it has no score."""
    if outcome.error is not None:
        raise outcome.error
    return Run(outcome.run_id)
