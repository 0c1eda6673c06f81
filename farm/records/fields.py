"""What a record's field is called outside of it: the one table behind options, comparisons, requests and reports.

A field carries an `Option` in its annotation. Whatever shows, sends or compares such fields walks the record's
fields by the functions below and names none of them, so a new option is one field and its test.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from pydantic.fields import FieldInfo

from farm.records.base import Record

R = TypeVar("R", bound=Record)


class Effect(StrEnum):
    """What another value of a field does to a run's score."""

    SCORE = "score"  # moves the expected score: nothing measured otherwise may be compared with it
    PRECISION = "precision"  # moves only how well the score is known
    DRAW = "draw"  # another draw of the same score
    NONE = "none"  # decides how a run is driven


@dataclass(frozen=True, slots=True)
class Option:
    """How users meet a field. An empty text means that it has no such name."""

    flag: str = ""  # of the command line
    help: str = ""
    label: str = ""  # in comparisons and in the reasons why a reference is not comparable
    sent_as: str = ""  # in the body of a request to the model server
    metavar: str = ""
    effect: Effect = Effect.NONE
    always: bool = False  # reports name it also where it is not set
    by_farm: bool = False  # farm obeys it too, so it holds also where it is not sent


def options_of(record: type[Record]) -> dict[str, tuple[FieldInfo, Option]]:
    """The fields of a record that carry an Option, by name, in their order."""
    found = {}
    for name, field in record.model_fields.items():
        for part in field.metadata:
            if isinstance(part, Option):
                found[name] = (field, part)
    return found


def shown(value: object) -> str:
    """A value as users read it; None is what is not sent to the server."""
    if value is None:
        return "not sent"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return str(list(value))
    if isinstance(value, Mapping):
        return json.dumps(value, sort_keys=True)
    return str(value)


def labelled(record: Record, effects: Iterable[Effect]) -> list[tuple[str, str]]:
    """Label and shown value of each field with one of these effects, set or not."""
    wanted = set(effects)
    return [
        (option.label, shown(_in_force(record, name, option)))
        for name, (_, option) in options_of(type(record)).items()
        if option.effect in wanted
    ]


def in_words(record: Record) -> str:
    """The record's options in one line, by the names of the fields; optional ones only where they are set."""
    values = [(name, _in_force(record, name, option), option) for name, (_, option) in options_of(type(record)).items()]
    return ", ".join(f"{name} {shown(value)}" for name, value, option in values if value is not None or option.always)


def sent(record: Record) -> dict[str, Any]:
    """What goes into the body of a request, by the body's names. What is None or empty is not sent."""
    left_out = _left_out(record)
    values = {
        option.sent_as: getattr(record, name)
        for name, (_, option) in options_of(type(record)).items()
        if option.sent_as and option.sent_as not in left_out
    }
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value not in (None, ())
    }


def _left_out(record: Record) -> tuple[str, ...]:
    """The fields of a request's body that the record says to leave out (`omit`)."""
    return getattr(record, "omit", None) or ()


def _in_force(record: Record, name: str, option: Option) -> object:
    """The value of a field; None where it is left out of requests and nothing else obeys it."""
    if option.sent_as and option.sent_as in _left_out(record) and not option.by_farm:
        return None
    value: object = getattr(record, name)
    return value


def given_flags(record: Record, apart_from: Iterable[str] = ()) -> list[str]:
    """The flags of the fields that `record` was made with, without the fields `apart_from`."""
    names = record.model_fields_set - set(apart_from)
    return [option.flag for name, (_, option) in options_of(type(record)).items() if name in names and option.flag]


def with_changes(base: R, changes: R) -> R:
    """`base` with the fields that `changes` was made with. ValidationError if they do not fit together."""
    values = {**dict(base), **{name: getattr(changes, name) for name in changes.model_fields_set}}
    return type(base)(**values)
