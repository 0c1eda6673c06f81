"""In which fields two specs of a run differ. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from farm.records import RunSpec

NOT_SCORED = {"servers", "references"}  # where the model was and what it is held against


def spec_differences(planned: RunSpec, given: RunSpec) -> list[str]:
    """Each field that decides the score and differs, as `sampling.n: planned 4, given 8`; by name."""
    ours, theirs = (spec.model_dump(mode="json", exclude=NOT_SCORED) for spec in (planned, given))
    return list(_differences(ours, theirs, ""))


def _differences(planned: Any, given: Any, place: str) -> Iterator[str]:
    if isinstance(planned, dict) and isinstance(given, dict):
        for name in sorted(planned.keys() | given.keys()):
            yield from _differences(planned.get(name), given.get(name), f"{place}.{name}" if place else name)
    elif planned != given:
        yield f"{place}: planned {_short(planned)}, given {_short(given)}"


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
