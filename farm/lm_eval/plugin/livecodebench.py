"""The functions of the `livecodebench` task for lm-eval (`farm/lm_eval/tasks/livecodebench`).

Prompt, stop strings and limits are those of the seed document, protocol `seed`. Any model of lm-eval can
run it: the documents hold no hidden test, answers are judged in the farm's sandbox and never in this
process, and the verdicts are those of `farm grade --protocol seed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

from farm import protocols
from farm.app.home import datasets_folder
from farm.config import load as load_settings
from farm.datasets.load import load_problems
from farm.datasets.resolve import DatasetSource, resolve
from farm.datasets.select import Selection
from farm.errors import ConfigError
from farm.lm_eval.plugin import verdicts
from farm.lm_eval.plugin.grading import Answers, grade
from farm.planning.plan import Tests
from farm.records import Difficulty, Problem, Verdict
from farm.text import one_line

PROTOCOL = "seed@1"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document came from, and by which of its tests an answer is judged."""

    source: DatasetSource
    tests: Tests


_origins: dict[str, Origin] = {}  # by question_id, of the documents that this process loaded


def documents(difficulty: str | None = None, **metadata: Any) -> dict[str, Any]:
    """lm-eval's `custom_dataset`: `{"test": Dataset}` of the problems that the metadata chooses.

    Keys: dataset, release, start_date, end_date (inclusive), difficulty, platform, ids, limit, limit_seed,
    tests. lm-eval puts the model's arguments among them, so others are not refused.
    """
    wanted = {**metadata, **({} if difficulty is None else {"difficulty": difficulty})}
    source = resolve(
        str(wanted.get("dataset") or "livecodebench"),
        release=_text(wanted, "release"),
        pulled=datasets_folder(load_settings()),
    )
    origin = Origin(source, _tests(wanted))
    # The private tests stay undecoded: a document shows none of them
    problems = list(load_problems(source, _selection(wanted), tests="public"))
    import datasets  # here alone: a second and 146 MB

    _origins.update({problem.problem_id: origin for problem in problems})
    return {"test": datasets.Dataset.from_list([_document(problem) for problem in problems])}


def keep_all(resps: Sequence[Sequence[str]], docs: Sequence[dict[str, Any]]) -> list[list[str]]:
    """The task's filter: every repeat of every document arrives, and all are judged at once, side by side."""
    answers = [[str(text) for text in texts] for texts in resps]
    given = [(str(doc["question_id"]), text) for doc, texts in zip(docs, answers, strict=True) for text in texts]
    _judge(given)
    return answers


def process_results(doc: dict[str, Any], results: Sequence[Any]) -> dict[str, float]:
    """The share of right answers among the repeats of one problem: `acc`, which is pass@1."""
    problem_id = str(doc["question_id"])
    answers = [str(text) for item in results for text in ([item] if isinstance(item, str) else item)]
    _judge([(problem_id, text) for text in answers])  # nothing, where the filter saw them
    passed = sum(verdicts.verdict(problem_id, text) is Verdict.PASSED for text in answers)
    share = passed / len(answers)
    return {"acc": share, "pass@1": share}


def _judge(given: Sequence[tuple[str, str]]) -> None:
    """Have those answers judged that no farm model judged while it generated."""
    waiting: dict[Origin, dict[tuple[str, str], None]] = {}
    for problem_id, text in given:
        if verdicts.verdict(problem_id, text) is None:
            waiting.setdefault(_origins[problem_id], {})[problem_id, text] = None
    for origin, pairs in waiting.items():
        answers = Answers(origin.source, origin.tests, tuple(pairs))
        verdicts.remember(grade(load_settings(), answers, protocols.get(PROTOCOL)))


def _document(problem: Problem) -> dict[str, str]:
    return {
        "question_id": problem.problem_id,
        "question_title": problem.title,
        "question_content": problem.statement,
        "platform": problem.platform,
        "difficulty": problem.difficulty.value,
        "contest_date": problem.contest_date,
        "starter_code": problem.starter_code,
    }


def origin_of(question_id: str) -> Origin | None:
    """Where a document of this process came from; None for one of another task."""
    return _origins.get(question_id)


# --- metadata -----------------------------------------------------------------------------------


def _selection(wanted: dict[str, Any]) -> Selection:
    return Selection(
        date_from=_day(wanted, "start_date"),
        date_to=_day(wanted, "end_date"),
        difficulties=frozenset(_difficulty(name) for name in _words(wanted, "difficulty")),
        platforms=frozenset(_words(wanted, "platform")),
        ids=frozenset(_words(wanted, "ids")),
        limit=_number(wanted, "limit"),
        seed=_number(wanted, "limit_seed") or Selection().seed,
    )


def _text(wanted: dict[str, Any], name: str) -> str | None:
    value = wanted.get(name)
    return None if value is None else str(value)


def _words(wanted: dict[str, Any], name: str) -> list[str]:
    """One word, several with commas between, or a JSON list."""
    value = wanted.get(name)
    if value is None:
        return []
    return [str(word).strip() for word in (value if isinstance(value, list) else str(value).split(","))]


def _day(wanted: dict[str, Any], name: str) -> date | None:
    value = _text(wanted, name)
    try:
        return None if value is None else date.fromisoformat(value)
    except ValueError as exc:
        raise ConfigError(
            f"--metadata {name}: {one_line(value or '', 40)!r} is no date", remedy="use 2024-10-01"
        ) from exc


def _number(wanted: dict[str, Any], name: str) -> int | None:
    value = wanted.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not str(value).isdigit():
        raise ConfigError(f"--metadata {name}: {one_line(str(value), 40)!r} is no number")
    return int(value)


def _difficulty(name: str) -> Difficulty:
    try:
        return Difficulty(name)
    except ValueError as exc:
        raise ConfigError(f"--metadata difficulty: {one_line(name, 40)!r} is none of {', '.join(Difficulty)}") from exc


def _tests(wanted: dict[str, Any]) -> Tests:
    value = wanted.get("tests") or "all"
    for known in get_args(Tests):
        if value == known:
            return known  # type: ignore[no-any-return]
    raise ConfigError(f"--metadata tests: {one_line(str(value), 40)!r} is neither all nor public")
