"""The problems of a run: read, chosen and stored, with what was left out said to the user."""

from __future__ import annotations

from farm.app.display import Display
from farm.app.home import blob_store, datasets_folder
from farm.app.requests import ProblemChoice
from farm.config import Settings
from farm.datasets.resolve import DatasetSource, resolve
from farm.errors import ConfigError
from farm.planning.plan import PlannedDataset, plan_dataset
from farm.protocols import Protocol
from farm.records import DatasetRef

_SHOWN = 5


def source_of(settings: Settings, choice: ProblemChoice, default: str | None = None) -> DatasetSource:
    """The files of the chosen dataset, or of `default` where none was chosen. DatasetError says what is accepted."""
    name = choice.dataset or default
    if name is None:
        raise ConfigError("no dataset is named", remedy="name one with --dataset")
    return resolve(name, release=choice.release, pulled=datasets_folder(settings))


def plan_problems(
    settings: Settings,
    choice: ProblemChoice,
    source: DatasetSource,
    display: Display,
    *,
    protocol: Protocol | None = None,
    first_tests: int | None = None,
) -> PlannedDataset:
    """`plan_dataset` of what was chosen; `display` shows how far it is and hears what was left out."""
    with display.status() as show:
        dataset = plan_dataset(
            source,
            choice.selection,
            blob_store(settings),
            tests=choice.tests,
            skip_bad_rows=choice.skip_bad_rows,
            protocol=protocol,
            exclude_errata=choice.exclude_errata,
            first_tests=first_tests,
            on_problem=lambda done: show(f"reading {source.name}: {done} problems"),
        )
    _say_left_out(dataset.ref, display)
    return dataset


def _say_left_out(ref: DatasetRef, display: Display) -> None:
    if ref.skipped_rows:
        names = [row.problem_id or row.place for row in ref.bad_rows]
        shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        display.say(f"skipped {ref.skipped_rows} bad rows of the dataset, unjudgeable: {shown}")
    if ref.flawed_excluded:
        display.say(f"left out {len(ref.flawed_excluded)} problems with an erratum ({ref.errata})")
