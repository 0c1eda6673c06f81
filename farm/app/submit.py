"""`farm submit`: from a request to a recorded run that is driven to its end.

A task of lm-evaluation-harness goes the same way. A code task is a protocol and a dataset like any other; for one
that lm-eval scores, lm-eval says what is asked and how, and nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from farm import protocols
from farm.app.catalogue import chosen_spec, open_catalogue
from farm.app.checks import check_room
from farm.app.conclude import Outcome, drive
from farm.app.display import Display
from farm.app.home import blob_store, datasets_folder, open_ledger
from farm.app.model_servers import ReadyServers, completed, found_here, ready_servers, server_places, unnamed
from farm.app.problems import plan_problems, source_of
from farm.app.requests import ProblemChoice, SubmitRequest
from farm.app.server_start import started_server
from farm.benchmarks import LmEvalTask
from farm.benchmarks.registry import LM_EVAL, benchmarks, lm_eval_tasks
from farm.catalogue.catalogue import Catalogue
from farm.catalogue.engines import UNKNOWN
from farm.catalogue.eval_task import EvalTask
from farm.catalogue.eval_tasks import LIVECODEBENCH, eval_models, eval_task, task_of, tasks_of
from farm.catalogue.model_spec import ModelSpec
from farm.catalogue.unlisted import is_unlisted, unlisted
from farm.config import Settings
from farm.datasets.resolve import DatasetSource, resolve
from farm.errors import CatalogueError, ConfigError
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
        dataset, rules = planned.dataset, _lm_eval_rules(planned, tasks_of(model.name, catalogue.evals))
        run_id = request.run_id or new_run_id(f"{model.name}-{planned.harness.task}")
        servers, model = _servers(settings, request, entry, model, rules.sampling, run_id, display, ask=ask)
    else:
        task = _eval_task(request, model, catalogue.evals, listed=not is_unlisted(entry))
        rules = _rules(request, task)
        source = _source(settings, request, task, model, display, ask=ask)
        run_id = request.run_id or new_run_id(f"{model.name}-{model.device}")
        servers, model = _servers(settings, request, entry, model, rules.sampling, run_id, display, ask=ask)
        _caution(rules.sampling, display)
        dataset = _problems(settings, request, source, rules, display)
        rules = _with_references(rules, task, dataset)
    subject = request.build.subject(model, (lambda: build_of_servers(settings, entry, servers)) if ask else Build)
    spec = evaluation_spec(dataset, subject, servers, rules)
    room = check_room(settings, dataset, spec, ask=ask, display=display)
    return Prepared(run_id, dataset, spec, entry, room)


def _entry(settings: Settings, request: SubmitRequest, catalogue: Catalogue, display: Display) -> ModelSpec:
    """The catalogue's entry, or one for a model that only its server knows, where a server is named."""
    chosen = request.model
    served = bool(request.servers.urls or settings.server_url) and request.start_server is None
    if chosen.device is None and served:
        return unlisted(catalogue, chosen.model, None, chosen.engine)
    if chosen.device is None:
        catalogue.of_model(chosen.model)  # a wrong name is the first thing to say
        raise ConfigError("no --device is given", remedy="name it, or a model server with --server-url")
    try:
        return chosen_spec(catalogue, chosen, chosen.device, display)
    except CatalogueError:
        if not served or catalogue.knows(chosen.model):
            raise
        return unlisted(catalogue, chosen.model, chosen.device, chosen.engine)


def served_model(
    settings: Settings, request: SubmitRequest, display: Display
) -> tuple[Catalogue, ModelSpec, ServedModel]:
    """The catalogue, the entry of the model that is asked for, and the model as requests name it. CatalogueError."""
    catalogue = open_catalogue(settings, request.model.catalogue)
    entry = _entry(settings, request, catalogue, display)
    named = {"served_as": request.served_name or "", "any_name": request.servers.any_model}
    return catalogue, entry, catalogue.served(entry).model_copy(update=named)


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


def _with_references(rules: Rules, task: EvalTask, dataset: PlannedDataset) -> Rules:
    measured = Measurement(rules.protocol, rules.judge, rules.sampling, rules.limits, dataset.ref)
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


def _lm_eval_rules(planned: PlannedTask, tasks: Sequence[EvalTask]) -> Rules:
    """Of a task that is the model's own the references too, and which of lm-eval's figures are the score."""
    own = next((task for task in tasks if task.task_name == planned.harness.task), None)
    harness = planned.harness
    references: tuple[Reference, ...] = ()
    if own is not None:
        references = lm_eval_references(
            own, planned.sampling, num_fewshot=planned.num_fewshot, all_documents=planned.all_documents
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


# --- servers ------------------------------------------------------------------------------------


def _servers(
    settings: Settings,
    request: SubmitRequest,
    entry: ModelSpec,
    model: ServedModel,
    sampling: Sampling,
    run_id: str,
    display: Display,
    *,
    ask: bool,
) -> tuple[tuple[str, ...], ServedModel]:
    """The URLs of the run's servers, one of them started here if that is wished, and the model with their context."""
    given = request.servers.urls
    if request.start_server is not None and given:
        raise ConfigError("--start-server and --server-url exclude each other")
    if not ask:
        return server_places(settings, given), model
    if unnamed(settings, request):
        server = found_here(settings, request, (model.request_name, model.repo, model.name), display)
        given = given if server is None else (server.url,)
    if request.start_server is not None:
        given = (started_server(settings, entry, model, run_id, request.start_server, display),)
    ready = ready_servers(settings, model, given, request.servers.wait_s, display, sampling, request.options.drive)
    if is_unlisted(entry):
        return ready.urls, _as_the_server_says(ready, display)
    model = ready.model
    if ready.max_context is not None and ready.max_context < model.max_context:
        display.say(f"caution: the server's context is {ready.max_context}, not {model.max_context}")
        model = model.model_copy(update={"max_context": ready.max_context})
    return ready.urls, model


def _as_the_server_says(ready: ReadyServers, display: Display) -> ServedModel:
    """A model that the catalogue does not have, with the limits that its server states."""
    model = ready.model
    says = "its server says" if ready.max_context is not None else "assumed, since its server does not say"
    engine = ready.engine if model.engine == UNKNOWN and ready.engine is not None else model.engine
    model = model.model_copy(update={"max_context": ready.max_context or model.max_context, "engine": engine})
    display.say(
        f"{model.repo} is not taken from the catalogue: context {model.max_context} ({says}), "
        f"{model.max_concurrency} requests at a time"
    )
    return model
