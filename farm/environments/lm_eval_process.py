"""`python -m farm.environments.lm_eval_process plan|group|score|rows ORDER RESULT`: lm-eval's half of `farm submit`.

Runs in an evaluation environment, in a separate process: the standard library and lm-eval, nothing else of
farm's. `plan` writes a task's requests, as lm-eval makes them. `score` evaluates answers to them with lm-eval
itself (filters, process_results, aggregation, its own files), from the documents in the plan: no network, no hub.
`group` says which tasks a group or tag has, and how their figures become the group's.
`rows` writes the documents of a dataset as lm-eval loads them, for a code task that farm's own readers judge.
A refusal is one line on stderr, exit code 2.
"""

from __future__ import annotations

import json
import math
import random
import re
import sys
from pathlib import Path
from typing import Any

SEEDS = (0, 1234, 1234)  # of random, numpy and the few-shot sampler: lm-eval's own


class Refused(Exception):
    """What this task, or this lm-eval, cannot do."""


def main(mode: str, order: Path, result: Path) -> int:
    """The exit code."""
    wanted = json.loads(order.read_text())
    try:
        found = {"plan": plan, "group": group, "score": score, "rows": rows}[mode](wanted)
    except Refused as exc:
        print(exc, file=sys.stderr)  # noqa: T201 - the refusal, for the process that started this one
        return 2
    result.write_text(json.dumps(found))
    return 0


# --- plan ---------------------------------------------------------------------------------------


def plan(wanted: dict[str, Any]) -> dict[str, Any]:
    """The requests of a task: prompts with their few-shot examples, generation arguments, documents."""
    import numpy as np

    path = _locate(wanted["task"], wanted["include_path"])
    random.seed(SEEDS[0])
    np.random.seed(SEEDS[1])
    name = _refuse_what_farm_cannot(wanted["task"], path)
    task = _load([str(path)], wanted["metadata"], name)
    if getattr(task, "MULTIMODAL", False):
        raise Refused(f"task {name} shows pictures, and farm's model servers take text: vision is not supported")
    if wanted["gen_kwargs"]:
        task.set_config(key="generation_kwargs", value=wanted["gen_kwargs"], update=True)
    shots = wanted["num_fewshot"] if wanted["num_fewshot"] is not None else task.get_config("num_fewshot") or 0
    task.set_config(key="num_fewshot", value=shots)
    task.set_fewshot_seed(seed=SEEDS[2])
    chat = wanted["apply_chat_template"]
    task.build_all_requests(
        limit=_documents(task, wanted["limit"]),
        samples=wanted["samples"],
        rank=0,
        world_size=1,
        system_instruction=wanted["system_instruction"],
        apply_chat_template=chat,
        fewshot_as_multiturn=True,
        chat_template=_conversation if chat else None,
        tokenizer_name="farm" if chat else "",
    )
    rows = [
        {
            "doc_id": i.doc_id,
            "doc": _plain(name, i.doc),
            "context": i.args[0],
            "kwargs": i.args[1],
            "repeats": i.repeats,
        }
        for i in task.instances
    ]
    return {
        "task": name,
        "path": _portable(path),
        "metadata": wanted["metadata"],
        "config": json.loads(json.dumps(task.dump_config(), default=str)),
        "original": len(task.eval_docs),
        "num_fewshot": shots,
        "chat": chat,
        "system_instruction": wanted["system_instruction"],
        "rows": rows,
    }


def _documents(task: Any, limit: float | None) -> int | None:
    """How many documents a limit means: below 1 it is a share of them, as in lm-eval."""
    if limit is None or limit >= 1:
        return None if limit is None else int(limit)
    return math.ceil(len(task.eval_docs) * limit)


def _conversation(history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
    """The text of `farm.lm_eval.runs.requests.chat_context`, which this environment need not be able to load."""
    return '{"farm_chat": ' + json.dumps(list(history), ensure_ascii=False) + "}"


def _refuse_what_farm_cannot(name: str, path: Path) -> str:
    """By the YAML alone, as the functions of some tasks do things when they are imported; the task's own name."""
    from lm_eval.tasks._yaml_loader import load_yaml

    raw = load_yaml(path, resolve_func=False)
    if "group" in raw or not isinstance(raw.get("task", name), str):
        parts = [each if isinstance(each, str) else str(each.get("task")) for each in raw.get("task") or ()]
        raise Refused(
            f"{raw.get('group', name)} is a group of {', '.join(parts)}: submit it by its name, with --include-path"
        )
    name = str(raw.get("task", name))
    kind = raw.get("output_type", "generate_until")
    if raw.get("unsafe_code"):
        raise Refused(f"task {name} executes what the model wrote in lm-eval's own process: farm does not")
    if "class" in raw:
        raise Refused(f"task {name} is a Python class, which loads its documents by itself")
    if kind != "generate_until":
        raise Refused(f"task {name} is of type {kind}: farm runs tasks of type generate_until")
    return name


def _locate(name: str, include_path: str | None) -> Path:
    """The YAML of a task or group, without parsing lm-eval's other 13,986: by its `task:` or `group:` line."""
    import lm_eval.tasks

    wanted = re.compile(rf"^\"?(?:task|group)\"?:\s*[\"']?{re.escape(name)}[\"']?\s*(#.*)?$", re.MULTILINE)
    folders = [Path(include_path)] if include_path else []
    folders.append(Path(lm_eval.tasks.__file__).parent)
    if name.endswith((".yaml", ".yml")):
        return Path(name)
    for folder in folders:
        for path in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")]):
            if wanted.search(path.read_text(encoding="utf-8", errors="replace")):
                return path.resolve()
    raise Refused(f"lm-eval has no task {name} (for one of your own: --include-path, or the path of its YAML)")


def _portable(path: Path) -> str:
    """Lm-eval's and farm's own tasks by their place in the package: they are elsewhere on another host."""
    for owner, folder in _task_folders().items():
        if path.resolve().is_relative_to(folder):
            return f"{owner}:{path.resolve().relative_to(folder)}"
    return str(path)


def _unportable(place: str) -> Path:
    owner, _, inside = place.partition(":")
    folders = _task_folders()
    return folders[owner] / inside if inside and owner in folders else Path(place)


def _task_folders() -> dict[str, Path]:
    import lm_eval.tasks

    return {
        "lm_eval": Path(lm_eval.tasks.__file__).resolve().parent,
        "farm": Path(__file__).resolve().parents[1] / "lm_eval" / "tasks",
    }


def _load(specs: list[Any], metadata: dict[str, Any], name: str) -> Any:
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_defaults=False, metadata=metadata)
    tasks = manager.load(specs)["tasks"]
    if len(tasks) != 1:
        raise Refused(f"{name} is a group of {', '.join(sorted(tasks)) or 'nothing'}: submit its tasks one by one")
    return next(iter(tasks.values()))


def _plain(name: str, doc: Any) -> Any:
    try:
        return json.loads(json.dumps(doc, allow_nan=True))
    except (TypeError, ValueError) as exc:
        raise Refused(f"task {name} has documents that are no text: {exc}") from exc


# --- group --------------------------------------------------------------------------------------


def group(wanted: dict[str, Any]) -> dict[str, Any]:
    """The groups below a group or tag, itself first, each with its tasks and how their figures are put together.

    Nothing of a dataset is loaded. Refused for tasks that farm cannot run, and for a group that changes its tasks.
    """
    from lm_eval.tasks import TaskManager

    include, name = wanted["include_path"], wanted["task"]
    index = TaskManager(include_path=include, include_defaults=False).task_index if include else {}
    if name not in index or not _is_closed(index, name):  # reading all of lm-eval's takes half a minute
        index = TaskManager(include_path=include).task_index
    if name not in index:
        raise Refused(f"lm-eval has no group {name}")
    groups: list[dict[str, Any]] = []
    tasks = _members(index, name, name, groups)
    for task in tasks:
        config = index[task].cfg or {}
        kind = config.get("output_type", "generate_until")
        if index[task].kind.name != "TASK" or config.get("unsafe_code") or kind != "generate_until":
            what = "executes code" if config.get("unsafe_code") else f"is of type {kind}"
            raise Refused(f"{name} holds task {task}, which {what}: farm runs tasks of type generate_until")
    return {"groups": groups}


def _is_closed(index: Any, name: str) -> bool:
    """Whether all names below a group are in the index."""
    entry = index.get(name)
    if entry is None:
        return False
    if entry.kind.name != "GROUP":
        return True
    below = (entry.cfg or {}).get("task") or []
    return all(_is_closed(index, each if isinstance(each, str) else str(each.get("task"))) for each in below)


def _members(index: Any, name: str, member: Any, groups: list[dict[str, Any]]) -> list[str]:
    """The names of all tasks of a member of a group; the groups among them are put into `groups`, outer ones first."""
    from lm_eval.config.group import GroupConfig

    entry = index.get(name)
    if isinstance(member, dict) and "group" not in member and set(member) - {"task"}:
        raise Refused(f"a group changes its task {name}: farm runs tasks as they are")
    if entry is not None and entry.kind.name not in ("GROUP", "TAG"):
        return [name]
    raw = member if entry is None else entry.cfg or {}
    config = GroupConfig(**{"group": name, **{k: v for k, v in raw.items() if k in GroupConfig.__annotations__}})
    below = sorted(entry.tags) if entry is not None and entry.kind.name == "TAG" else config.task or []
    place = len(groups)
    tasks: list[str] = []
    for each in below:
        own = each if isinstance(each, str) else each.get("group") or each["task"]
        tasks += [task for task in _members(index, own, each, groups) if task not in tasks]
    metrics = [
        {"metric": each.metric, "weight_by_size": each.weight_by_size, "filters": each.filter_list}
        for each in config.aggregate_metric_list or []
    ]
    groups.insert(place, {"name": config.group, "tasks": tasks, "metrics": metrics})
    return tasks


# --- rows ---------------------------------------------------------------------------------------


def rows(wanted: dict[str, Any]) -> dict[str, Any]:
    """The documents of a split, with their fields as the hub has them."""
    from datasets import load_dataset

    found = load_dataset(wanted["path"], wanted["name"], split=wanted["split"])
    return {"rows": [_plain(wanted["path"], dict(row)) for row in found]}


# --- score --------------------------------------------------------------------------------------


def score(wanted: dict[str, Any]) -> dict[str, Any]:
    """lm-eval's result files for the answers: `{name: content}`."""
    import tempfile

    from lm_eval import simple_evaluate
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    made, answers = wanted["plan"], wanted["answers"]
    name = made["task"]
    config = _replayed(made)
    with tempfile.TemporaryDirectory() as folder:
        tracker = EvaluationTracker(output_path=folder)
        results = simple_evaluate(
            model=_replay(answers),
            tasks=[config],
            task_manager=TaskManager(include_defaults=False, metadata=made["metadata"]),
            bootstrap_iters=wanted["bootstrap_iters"],
            log_samples=True,
            evaluation_tracker=tracker,
            random_seed=SEEDS[0],
            numpy_random_seed=SEEDS[1],
            fewshot_random_seed=SEEDS[2],
        )
        [task] = results["results"]
        samples = results.pop("samples")
        results["configs"][task] = made["config"]
        results["n-shot"][task] = made["num_fewshot"]
        results["n-samples"][task]["original"] = made["original"]
        results["config"].update(wanted["config"])
        _name_the_model(tracker, wanted["model"], made)
        tracker.save_results_aggregated(results=results, samples=samples)
        tracker.save_results_samples(task_name=task, samples=samples[task])
        files = {path.name: path.read_text(encoding="utf-8") for path in sorted(Path(folder).rglob("*.json*"))}
    figures = {key: value for key, value in results["results"][task].items() if "," in key}
    return {"task": name, "files": files, "figures": figures}


def _replayed(made: dict[str, Any]) -> dict[str, Any]:
    """The task as it was planned, on the documents of the plan: its own filters, metrics and targets."""
    from datasets import Dataset
    from lm_eval.tasks._yaml_loader import load_yaml

    path = _unportable(made["path"])
    if not path.is_file():
        raise Refused(f"this worker does not have {path}: a task of your own must be at the same place on its host")
    config: dict[str, Any] = load_yaml(path)
    docs = [row["doc"] for row in made["rows"]]
    contexts = {_key(row["doc"]): row["context"] for row in made["rows"]}
    split = str(config.get("test_split") or config.get("validation_split") or config.get("training_split"))

    def documents(**_: Any) -> dict[str, Any]:
        return {split: Dataset.from_list(docs)}

    def context_of(doc: dict[str, Any]) -> str:
        return str(contexts[_key(doc)])

    for key in ("process_docs", "fewshot_split", "fewshot_config", "gen_prefix", "use_prompt", "dataset_kwargs", "tag"):
        config.pop(key, None)
    for key in ("test_split", "validation_split", "training_split"):
        if config.get(key) != split:
            config.pop(key, None)
    config.update(
        custom_dataset=documents,
        doc_to_text=context_of,
        description="",
        num_fewshot=0,
        generation_kwargs=made["rows"][0]["kwargs"],
        repeats=made["rows"][0]["repeats"],
    )
    return config


def _key(doc: Any) -> str:
    return json.dumps(doc, sort_keys=True)


def _replay(answers: list[list[str]]) -> Any:
    """A model that has answered already."""
    from lm_eval.api.model import LM

    class Replay(LM):  # type: ignore[misc]
        def generate_until(self, requests: list[Any]) -> list[str]:
            left = {id(request): iter(answers[place]) for place, request in enumerate(_by_id(requests))}
            return [next(left[id(request)]) for request in requests]

        def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
            raise NotImplementedError

        def loglikelihood_rolling(self, requests: list[Any]) -> list[float]:
            raise NotImplementedError

    return Replay()


def _by_id(requests: list[Any]) -> list[Any]:
    """The requests, each repeated one once, in order; Instances cannot be hashed."""
    return list({id(request): request for request in requests}.values())


def _name_the_model(tracker: Any, model: str, made: dict[str, Any]) -> None:
    """What lm-eval's command line would have written of the model."""
    log = tracker.general_config_tracker
    log.log_experiment_args(
        model_source="farm",
        model_args=f"model={model}",
        system_instruction=made["system_instruction"],
        chat_template="" if made["chat"] else None,
        fewshot_as_multiturn=True,
    )
    log.model_name = model
    log.model_name_sanitized = re.sub(r"[\"<>:/|\\?*\[\]]+", "__", model)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
