"""`farm submit`: from a request to a recorded run that is driven to its end.

A task of lm-evaluation-harness goes the same way. A code task is a protocol and a dataset like any other; for one
that lm-eval scores, lm-eval says what is asked and how, and nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from farm import protocols
from farm.app.checks import check_room, check_runtime
from farm.app.conclude import Outcome, drive
from farm.app.display import Display
from farm.app.home import blob_store, datasets_folder, open_ledger
from farm.app.model_servers import completed
from farm.app.problems import plan_problems, source_of
from farm.app.requests import ProblemChoice, SubmitRequest
from farm.app.servers.served import served_model, servers_of
from farm.app.servers.thinking import refuse_without_thinking
from farm.benchmarks import LmEvalTask
from farm.benchmarks.registry import LM_EVAL, benchmarks, lm_eval_tasks
from farm.catalogue.eval_task import EvalTask
from farm.catalogue.eval_tasks import LIVECODEBENCH, eval_models, eval_task, task_of, tasks_of
from farm.catalogue.model_spec import ModelSpec
from farm.catalogue.server_defaults import server_defaults
from farm.catalogue.unlisted import is_unlisted
from farm.config import Settings
from farm.datasets.resolve import DatasetSource, resolve
from farm.errors import ConfigError
from farm.ids import new_run_id
from farm.lm_eval.runs.task import PlannedTask, hub_file, plan_lm_eval_task
from farm.planning.context_room import ContextRoom
from farm.planning.plan import PlannedDataset, Rules, check_ks, evaluation_spec, plan_evaluation
from farm.planning.references import Measurement, lm_eval_references, references_of
from farm.records import DEFAULT_TOLERANCE, Build, HarnessRef, Reference, RunSpec, Sampling, ServedModel, default_limits
from farm.records.fields import given_flags, with_changes
from farm.scoring.passk import default_ks
from farm.server.builds import build_of_servers


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run as it would be recorded. Its problems and tests are stored, the run is not."""

    run_id: str
    dataset: PlannedDataset
    spec: RunSpec
    entry: ModelSpec
    room: ContextRoom


def submit(settings: Settings, request: SubmitRequest, display: Display) -> Outcome:
    """Record the run and drive it to its end. Raises what `prepare` and `drive` raise."""
    settings = request.servers.settings(settings)
    with open_ledger(settings) as ledger:
        prepared = prepare(settings, request, display)
        plan_evaluation(ledger, prepared.run_id, prepared.dataset, prepared.spec)
        spec = prepared.spec
        what = f"requests of {spec.eval_task}" if not spec.judged else "problems"
        display.say(f"run {prepared.run_id}: {spec.dataset.problems} {what} x {spec.sampling.n} samples")
        return drive(settings, ledger, prepared.run_id, request.options, display)


def prepare(settings: Settings, request: SubmitRequest, display: Display, *, ask: bool = True) -> Prepared:
    """The run that a request means. Without `ask` no model server is asked, or started.

    Raises ConfigError for choices that do not go together, CatalogueError, DatasetError, and an InferenceError for
    servers none of which is ready.
    """
    request = completed(settings, request, display, ask=ask)
    catalogue, entry, model = served_model(settings, request, display)
    if request.task is not None and request.task.code_task is None:
        planned = _lm_eval_task(settings, request, model, display, install=ask)
        model = model.model_copy(update={"chat": planned.chat})
        dataset, rules = planned.dataset, _lm_eval_rules(planned, tasks_of(model.name, catalogue.evals), request.mode)
        rules = _as_served(rules, request, entry, model, display)
        run_id = request.run_id or new_run_id(f"{model.name}-{planned.harness.task}")
        servers, model = servers_of(settings, request, entry, model, rules, run_id, display, ask=ask)
    else:
        task = _eval_task(request, model, catalogue.evals, listed=not is_unlisted(entry))
        rules = _as_served(_rules(request, task), request, entry, model, display)
        check_runtime(settings, rules.judge)
        source = _source(settings, request, task, model, display, ask=ask)
        run_id = request.run_id or new_run_id(f"{model.name}-{model.device}")
        servers, model = servers_of(settings, request, entry, model, rules, run_id, display, ask=ask)
        _caution(rules.sampling, display)
        dataset = _problems(settings, request, source, rules, display)
        rules = _with_references(rules, task, dataset, entry, request.mode)
    subject = request.build.subject(model, (lambda: build_of_servers(settings, entry, servers)) if ask else Build)
    spec = evaluation_spec(dataset, subject, servers, rules)
    room = check_room(settings, dataset, spec, ask=ask, display=display)
    return Prepared(run_id, dataset, spec, entry, room)


# --- judged by farm -----------------------------------------------------------------------------


def _code_task(request: SubmitRequest) -> LmEvalTask | None:
    """The code task that the request names. It brings its protocol, and the part of the dataset that counts."""
    if request.task is None:
        return None
    if request.protocol is not None or request.eval_task is not None:
        raise ConfigError("--task brings its own protocol and eval task", remedy="leave out --protocol and --eval-task")
    return request.task.code_task


def _eval_task(request: SubmitRequest, model: ServedModel, evals: tuple[EvalTask, ...], *, listed: bool) -> EvalTask:
    task = _code_task(request)
    named = task.name if task is not None else request.eval_task or task_of(request.protocol)
    if named is None and not listed and model.name not in eval_models(evals):
        named = LIVECODEBENCH.task_name
    return eval_task(model.name, named, evals)


def _rules(request: SubmitRequest, task: EvalTask) -> Rules:
    """By what the run is asked and judged; its references need the dataset."""
    code_task = _code_task(request)
    protocol = protocols.choose(code_task.protocol if code_task else request.protocol or task.protocol)
    judge = request.judging.judge_of(protocol)
    sampling = with_changes(protocol.sampling, request.sampling)
    return Rules(
        eval_task=task.task_name,
        protocol=protocol,
        judge=judge,
        sampling=sampling,
        limits=with_changes(default_limits(judge), request.judging.limits),
        ks=check_ks(request.ks or None, sampling.n),
        tolerance=task.tolerance,
        cache=request.judging.cache,
        harness=HarnessRef(task=code_task.name) if code_task else None,
    )


def _as_served(rules: Rules, request: SubmitRequest, entry: ModelSpec, model: ServedModel, display: Display) -> Rules:
    """The rules with what the catalogue's server starts with, where the caller did not decide it.

    ConfigError for template variables of a model that has no template, and for a protocol that measures reasoning
    where the server starts without it.
    """
    if not model.chat and request.sampling.chat_template_kwargs:
        raise ConfigError(f"--chat-template-kwarg: {model.name} takes plain texts, so no chat template is applied")
    sampling = server_defaults(entry).applied_to(rules.sampling, request.sampling, chat=model.chat)
    refuse_without_thinking(rules.protocol, entry, sampling, request.sampling, display)
    return replace(rules, sampling=sampling)


def _source(
    settings: Settings, request: SubmitRequest, task: EvalTask, model: ServedModel, display: Display, *, ask: bool
) -> DatasetSource:
    code_task, known = _code_task(request), lm_eval_tasks().get(task.task_name)
    if code_task is not None and request.problems.dataset is None and code_task.dataset not in benchmarks():
        return resolve(hub_file(settings, datasets_folder(settings), code_task, display.say, install=ask))
    # A CPU model is for trying farm out.
    default = "sample" if model.device == "cpu" else "livecodebench"
    choice = request.problems
    if known is not None and known.release and choice.release is None and _has_releases(choice):
        choice, default = replace(choice, release=known.release), known.dataset
    return source_of(settings, choice, code_task.dataset if code_task else default)


def _has_releases(choice: ProblemChoice) -> bool:
    """Whether a release can be named: not of a file, which holds what it holds."""
    return choice.dataset is None or choice.dataset in benchmarks() or Path(choice.dataset).expanduser().is_dir()


def _problems(
    settings: Settings, request: SubmitRequest, source: DatasetSource, rules: Rules, display: Display
) -> PlannedDataset:
    choice, code_task = request.problems, _code_task(request)
    if code_task is not None and code_task.platform is not None and not choice.selection.platforms:
        part = replace(choice.selection, platforms=frozenset({code_task.platform}))
        choice = replace(choice, selection=part)
    tests = code_task.tests if code_task is not None else None
    return plan_problems(settings, choice, source, display, protocol=rules.protocol, first_tests=tests)


def _with_references(rules: Rules, task: EvalTask, dataset: PlannedDataset, entry: ModelSpec, mode: str) -> Rules:
    measured = Measurement(
        rules.protocol,
        rules.judge,
        rules.sampling,
        rules.limits,
        dataset.ref,
        defaults=server_defaults(entry),
        subset=mode,
    )
    return replace(rules, references=references_of(task, measured))


def _caution(sampling: Sampling, display: Display) -> None:
    if not sampling.sends("seed"):
        display.say("caution: no seed is sent (--omit seed): the same run will not give the same answers again")
    if sampling.n > 1 and sampling.temperature == 0:
        display.say(f"caution: {sampling.n} samples at temperature 0 are likely the same; see --temperature")


# --- scored by lm-eval --------------------------------------------------------------------------


def _lm_eval_task(
    settings: Settings, request: SubmitRequest, model: ServedModel, display: Display, *, install: bool
) -> PlannedTask:
    task, sampling = request.task, request.sampling
    assert task is not None
    _code_task(request)
    if refused := _said_by_lm_eval(request):
        raise ConfigError(
            f"{', '.join(refused)}: lm-eval's task {task.name} says that itself; what is sent: --gen-kwargs"
        )
    given, chosen = sampling.model_fields_set, request.problems.selection
    planned = plan_lm_eval_task(
        settings,
        blob_store(settings),
        task,
        model.name,
        n=sampling.n if "n" in given else None,
        seed=sampling.seed if "seed" in given else None,
        limit=chosen.limit if chosen.first is None else chosen.first,
        documents=None if chosen.places is None else sorted(chosen.places),
        say=display.say,
        install=install,
    )
    added = {name: getattr(sampling, name) for name in given - {"n", "seed"}}
    return replace(planned, sampling=with_changes(planned.sampling, Sampling(**added)))


_SAID_BY_TASKS = {"temperature", "top_p", "top_k", "max_tokens", "stop"}


def _said_by_lm_eval(request: SubmitRequest) -> list[str]:
    """The flags of choices that a task of lm-eval makes itself, or has no place for."""
    problems, selection, judging = request.problems, request.problems.selection, request.judging
    chosen = {
        "--dataset": problems.dataset,
        "--release": problems.release,
        "--from": selection.date_from,
        "--to": selection.date_to,
        "--difficulty": selection.difficulties,
        "--platform": selection.platforms,
        "--ids": selection.ids,
        "--exclude-errata": problems.exclude_errata,
        "--tests": problems.tests != "all",
        "--skip-bad-rows": problems.skip_bad_rows,
        "--k": request.ks,
        "--no-cache": not judging.cache,
    }
    flags = [flag for flag, value in chosen.items() if value]
    return [
        *flags,
        *given_flags(request.sampling, apart_from=Sampling.model_fields.keys() - _SAID_BY_TASKS),
        *given_flags(judging.judge),
        *given_flags(judging.limits),
    ]


def _lm_eval_rules(planned: PlannedTask, tasks: Sequence[EvalTask], mode: str) -> Rules:
    """Of a task that is the model's own the references too, and which of lm-eval's figures are the score.

    `mode`: the suite's, whose documents were taken.
    """
    own = next((task for task in tasks if task.task_name == planned.harness.task), None)
    harness = planned.harness
    references: tuple[Reference, ...] = ()
    if own is not None:
        references = lm_eval_references(
            own,
            planned.sampling,
            num_fewshot=planned.num_fewshot,
            all_documents=planned.all_documents,
            subset=mode,
        )
        keys = [key for key in own.result_keys if isinstance(key, str)]
        harness = harness.model_copy(update={"result_keys": tuple(keys), "score_func": own.score_func})
    return Rules(
        eval_task=planned.harness.task,
        protocol=LM_EVAL,
        judge=LM_EVAL.judge,
        sampling=planned.sampling,
        limits=default_limits(LM_EVAL.judge),
        ks=tuple(default_ks(planned.sampling.n)),
        judged=False,
        references=references,
        tolerance=own.tolerance if own is not None else DEFAULT_TOLERANCE,
        harness=harness,
    )
