"""Options of the command line that are fields of a record, made from what the record says of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin

import annotated_types
import click
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from farm.cli.options.group import F, all_of
from farm.errors import ConfigError
from farm.ids import canonical_json
from farm.records import Record
from farm.records.fields import Option, options_of
from farm.text import json_or_text

R = TypeVar("R", bound=Record)


class JsonObject(click.ParamType[dict[str, Any]]):
    """A JSON object."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        try:
            found = json.loads(value)
        except ValueError as exc:
            self.fail(f"not JSON: {exc}", param, ctx)
        if not isinstance(found, dict):
            self.fail("not a JSON object", param, ctx)
        try:
            canonical_json(found)  # as it is sent: without NaN and infinity
        except ValueError as exc:
            self.fail(f"not JSON that a server reads: {exc}", param, ctx)
        return found


class KeyValue(click.ParamType[tuple[str, Any]]):
    """`K=V`. The value is JSON where it can be (true, 3, [1]), else a text."""

    name = "k=v"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Any]:
        if isinstance(value, tuple):
            return value
        key, mark, text = value.partition("=")
        if not mark or not key.strip():
            self.fail("want K=V", param, ctx)
        return key.strip(), json_or_text(text)


def field_options(record: type[Record], *, show_defaults: bool = False) -> Callable[[F], F]:
    """An option for each field with a flag. One that is not given arrives as None (or as an empty tuple), or as the
    field's default where defaults are shown."""
    found = options_of(record).items()
    return all_of(
        *(_option(name, field, option, show_default=show_defaults) for name, (field, option) in found if option.flag)
    )


def field_option(record: type[Record], name: str) -> Callable[[F], F]:
    """The option of one field; not given, it arrives as None."""
    return _option(name, *options_of(record)[name], show_default=False)


def given(record: type[R], values: Mapping[str, Any]) -> R:
    """The record of the options that were given: its `model_fields_set` names them. ConfigError names the flag."""
    pairs = {name for name, (_, option) in options_of(record).items() if _is_pairs(option)}
    chosen = {
        name: dict(value) if name in pairs else value for name, value in values.items() if value not in (None, ())
    }
    try:
        return record(**chosen)
    except ValidationError as exc:
        first = exc.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        flag = f"{options_of(record)[name][1].flag}: " if name else ""  # what fields say together names its flags
        raise ConfigError(f"{flag}{first['msg'].removeprefix('Value error, ')}") from exc


def _option(name: str, field: FieldInfo, option: Option, *, show_default: bool) -> Callable[[F], F]:
    kind, several = (KeyValue(), True) if _is_pairs(option) else _kind(field)
    default = {"default": field.default, "show_default": True} if show_default else {}
    return click.option(
        option.flag,
        name,
        type=kind,
        multiple=several,
        metavar=option.metavar or None,
        help=option.help,
        **default,
    )


def _is_pairs(option: Option) -> bool:
    """Whether an option is given as `K=V`, again for each key."""
    return option.metavar == "K=V"


def _kind(field: FieldInfo) -> tuple[click.ParamType[Any], bool]:
    """click's type for a field, and whether the option may be repeated."""
    kinds = [part for part in get_args(field.annotation) if part is not NoneType]
    kind = kinds[0] if NoneType in get_args(field.annotation) else field.annotation
    if get_origin(kind) is tuple:
        return click.STRING, True
    if get_origin(kind) is Literal:
        return click.Choice(get_args(kind)), False
    if kind is bool:
        return click.BOOL, False
    if kind is int or kind is float:
        return _range(field, whole=kind is int), False
    if get_origin(kind) is dict:
        return JsonObject(), False
    return click.STRING, False


def _range(field: FieldInfo, *, whole: bool) -> click.ParamType[Any]:
    bounds: dict[str, Any] = {}
    for part in field.metadata:
        if isinstance(part, annotated_types.Ge | annotated_types.Gt):
            bounds["min"] = part.ge if isinstance(part, annotated_types.Ge) else part.gt
            bounds["min_open"] = isinstance(part, annotated_types.Gt)
        elif isinstance(part, annotated_types.Le | annotated_types.Lt):
            bounds["max"] = part.le if isinstance(part, annotated_types.Le) else part.lt
            bounds["max_open"] = isinstance(part, annotated_types.Lt)
    if whole and bounds.pop("max_open", False):
        bounds["max"] -= 1
    if whole and bounds.pop("min_open", False):
        bounds["min"] += 1
    return click.IntRange(**bounds) if whole else click.FloatRange(**bounds)
