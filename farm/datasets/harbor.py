"""Results of harbor (Terminal-Bench, SWE-bench and others): what became of each trial of a job.

A job's folder has its `result.json` and one folder a trial with a `result.json` each. Read as harbor 0.26 writes them:
a trial has a task, an agent with its model, rewards by key, and what was raised. Where the trials' files are not in
folders next to the job's, the rewards of `stats.evals` say the same of those that have one.

What a model's agent did is the trial's outcome, also where harbor records it as an exception: a time-out, an exit code,
a context that is full. What the host, the network or the model server did is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm.errors import DatasetError
from farm.records import Verdict
from farm.text import json_type, load_json, one_line

REWARD = "reward"
MAX_BYTES = 256 << 20

# harbor/models/trial/error_policy.py, the errors after which a reward is valid
_OF_THE_AGENT = {
    "AgentTimeoutError": Verdict.TIME_LIMIT,
    "NonZeroAgentExitCodeError": Verdict.RUNTIME_ERROR,
    "ContextWindowExceededError": Verdict.OUTPUT_LIMIT,
    "ContextLengthExceededError": Verdict.OUTPUT_LIMIT,
    "OutputTokenExceededError": Verdict.OUTPUT_LIMIT,
    "OutputLengthExceededError": Verdict.OUTPUT_LIMIT,
    "AgentSafetyRefusalError": Verdict.NO_CODE,
    "ContentPolicyViolationError": Verdict.NO_CODE,
}


@dataclass(frozen=True, slots=True)
class Trial:
    """One attempt at a task. `verdict` None: nothing can be said of it, `reason` says why."""

    task: str
    name: str  # tells attempts apart
    checksum: str  # of the task; empty if it is not known
    verdict: Verdict | None
    reason: str = ""
    reward: float | None = None


@dataclass(frozen=True, slots=True)
class HarborEval:
    """The trials of one agent with one model on one dataset, and what harbor says of them."""

    key: str
    agent: str
    model: str  # empty if harbor does not know it
    dataset: str
    trials: tuple[Trial, ...]
    mean: float | None = None
    pass_at_k: Mapping[int, float] | None = None

    @property
    def partial(self) -> int:
        """How many trials have a reward between none and full, which a verdict cannot say."""
        return sum(trial.reward is not None and trial.reward not in (0, 1) for trial in self.trials)


def is_harbor(path: Path) -> bool:
    """Whether a file is the result of a job of harbor."""
    if path.suffix != ".json" or path.stat().st_size > MAX_BYTES:
        return False
    try:
        value = load_json(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(value, dict) and isinstance(value.get("stats"), dict) and "n_total_trials" in value


def read_harbor(path: Path) -> list[HarborEval]:
    """The evaluations of a job, in harbor's order. DatasetError for a job that has no trial, or is not finished."""
    job = _object(path)
    stats = _part(job, "stats")
    evals = _part(stats, "evals")
    if not evals:
        raise DatasetError("the job has no trials", path=str(path))
    waiting = sum(int(stats[name]) for name in ("n_running_trials", "n_pending_trials") if _is_number(stats.get(name)))
    if waiting:
        raise DatasetError(
            f"the job is not finished: {waiting} of {job.get('n_total_trials')} trials are not done", path=str(path),
            remedy="let harbor finish it: harbor job resume",
        )  # fmt: skip
    found = [row for row in job.get("trial_results") or [] if isinstance(row, dict)] or list(_in_folders(path))
    read = _from_trials(found, evals, path) if found else [_from_stats(key, evals[key], path) for key in evals]
    if not any(each.trials for each in read):
        raise DatasetError("the job has no trials", path=str(path))
    return [each for each in read if each.trials]


def _in_folders(path: Path) -> Iterator[dict[str, Any]]:
    """The results of trials in the folders next to the job's."""
    for each in sorted(path.parent.glob("*/result.json")):
        value = _object(each)
        if "task_name" in value:
            yield value


def _object(path: Path) -> dict[str, Any]:
    try:
        value = load_json(path.read_bytes())
    except OSError as exc:
        raise DatasetError(f"cannot be read: {exc.strerror or exc}", path=str(path)) from exc
    except (ValueError, RecursionError) as exc:
        raise DatasetError(f"is no JSON: {one_line(str(exc), 200)}", path=str(path)) from exc
    if not isinstance(value, dict):
        raise DatasetError(f"an object is wanted, not {json_type(value)}", path=str(path))
    return value


# --- the files of trials ------------------------------------------------------------------------


def _from_trials(rows: Sequence[dict[str, Any]], evals: Mapping[str, Any], path: Path) -> list[HarborEval]:
    groups: dict[tuple[str, str, str], list[Trial]] = defaultdict(list)
    for row in rows:
        agent = _part(row, "agent_info")
        model = str(_part(agent, "model_info").get("name") or "")
        place = (str(agent.get("name") or "unknown"), model, str(row.get("source") or "adhoc"))
        groups[place].append(_trial(row, path))
    found = []
    for (agent_name, model, dataset), trials in groups.items():
        key = "__".join(part for part in (agent_name, model, dataset) if part)
        found.append(_eval(key, agent_name, model, dataset, trials, evals.get(key)))
    return found


def _trial(row: dict[str, Any], path: Path) -> Trial:
    name, task = row.get("trial_name"), row.get("task_name")
    if not isinstance(name, str) or not isinstance(task, str) or not name or not task:
        raise DatasetError("a trial without trial_name and task_name", path=str(path))
    raised = [
        str(_part(each, "exception_info").get("exception_type") or "")
        for each in [row, *[step for step in row.get("step_results") or [] if isinstance(step, dict)]]
    ]
    errors = [error for error in raised if error]
    reward = _reward(_part(row, "verifier_result").get("rewards"))
    valid = row.get("reward_valid")
    counts = reward is not None and (valid is not False if isinstance(valid, bool) else _valid(errors))
    verdict, reason = _outcome(reward if counts else None, errors)
    return Trial(task, name, str(row.get("task_checksum") or ""), verdict, reason, reward if counts else None)


def _valid(errors: Sequence[str]) -> bool:
    """Whether a reward of a trial with these errors counts, in a file that does not say it."""
    return all(error in _OF_THE_AGENT for error in errors)


def _outcome(reward: float | None, errors: Sequence[str]) -> tuple[Verdict | None, str]:
    if reward is not None:
        if reward >= 1:
            return Verdict.PASSED, ""
        own = next((_OF_THE_AGENT[error] for error in errors if error in _OF_THE_AGENT), Verdict.WRONG_ANSWER)
        return own, ", ".join([f"reward {reward:g}", *errors])
    if errors and all(error in _OF_THE_AGENT for error in errors):
        return _OF_THE_AGENT[errors[0]], ", ".join(errors)
    return None, ", ".join(errors) or "harbor has no reward of it"


def _reward(rewards: object) -> float | None:
    """The reward of a trial: that of the key `reward`, else of the only key; of several others, the least."""
    if not isinstance(rewards, dict):
        return None
    numbers = {k: float(v) for k, v in rewards.items() if isinstance(v, int | float) and not isinstance(v, bool)}
    return numbers.get(REWARD, min(numbers.values(), default=None))


def _part(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = row.get(name)
    return value if isinstance(value, dict) else {}


# --- the job's own statistics -------------------------------------------------------------------


def _from_stats(key: str, stats: object, path: Path) -> HarborEval:
    """Trials by their rewards and exceptions, where their files are not there. A trial is named TASK__XXXXXXX."""
    if not isinstance(stats, dict):
        raise DatasetError(f"stats of {one_line(key, 60)}: an object is wanted, not {json_type(stats)}", path=str(path))
    rewards: dict[str, dict[str, float]] = defaultdict(dict)
    for name, by_value in _part(stats, "reward_stats").items():
        for value, trials in (by_value if isinstance(by_value, dict) else {}).items():
            for trial in _names(trials):
                rewards[trial][name] = _float(value, path)
    errors: dict[str, list[str]] = defaultdict(list)
    for error, trials in _part(stats, "exception_stats").items():
        for trial in _names(trials):
            errors[trial].append(error)
    found = []
    for trial in sorted({*rewards, *errors}):
        raised = errors.get(trial, [])
        reward = _reward(rewards.get(trial)) if _valid(raised) else None
        verdict, reason = _outcome(reward, raised)
        found.append(Trial(trial.rpartition("__")[0] or trial, trial, "", verdict, reason, reward))
    agent, _, rest = key.partition("__")
    model, _, dataset = rest.rpartition("__")
    return _eval(key, agent, model, dataset, found, stats)


def _names(trials: object) -> list[str]:
    return [trial for trial in trials if isinstance(trial, str)] if isinstance(trials, list) else []


def _float(value: object, path: Path) -> float:
    try:
        return float(str(value))
    except ValueError as exc:
        raise DatasetError(f"a reward that is no number: {one_line(str(value), 40)}", path=str(path)) from exc


def _eval(key: str, agent: str, model: str, dataset: str, trials: Sequence[Trial], stats: object) -> HarborEval:
    """With harbor's own figures: the mean, of which an errored trial is 0, and pass@k, which leaves it out."""
    told = stats if isinstance(stats, dict) else {}
    means = [row["mean"] for row in told.get("metrics") or [] if isinstance(row, dict) and _is_number(row.get("mean"))]
    own = _part(told, "pass_at_k")
    pass_at_k = {int(k): float(v) for k, v in own.items() if str(k).isdecimal() and _is_number(v)}
    ordered = tuple(sorted(trials, key=lambda trial: (trial.task, trial.name)))
    return HarborEval(key, agent, model, dataset, ordered, float(means[0]) if means else None, pass_at_k or None)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
