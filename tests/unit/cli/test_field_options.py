"""Options that are made from a record's fields."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import click
import pytest
from click.testing import CliRunner
from pydantic import Field

from farm.cli.options.fields import field_options, given
from farm.errors import ConfigError
from farm.records import Record
from farm.records.fields import Option


class Asked(Record):
    """A field of each kind."""

    share: Annotated[float | None, Field(gt=0, le=1), Option("--share", "A share.")] = None
    count: Annotated[int, Field(ge=1, lt=10), Option("--count")] = 3
    words: Annotated[tuple[str, ...], Option("--word")] = ()
    extra: Annotated[dict[str, Any] | None, Option("--extra")] = None
    effort: Annotated[Literal["low", "high"] | None, Option("--effort")] = None
    hidden: int = 0


@click.command()
@field_options(Asked)
def command(**values: Any) -> None:
    found = given(Asked, values)
    click.echo(f"{sorted(found.model_fields_set)} {found.to_json().decode()}")


def run(*arguments: str) -> str:
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code in (0, 2), done.output
    return done.output


def test_what_is_not_given_is_not_set() -> None:
    assert run().startswith("[] ")
    assert run("--count", "3").startswith("['count'] ")


def test_each_kind_of_field_is_read() -> None:
    text = run("--share", "0.5", "--word", "a", "--word", "b", "--extra", '{"x": [1]}', "--effort", "low")
    assert '"share":0.5' in text and '"words":["a","b"]' in text
    assert '"extra":{"x":[1]}' in text and '"effort":"low"' in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--share", "0"), "range 0<x<=1"),
        (("--count", "10"), "range 1<=x<=9"),
        (("--extra", "[1]"), "not a JSON object"),
        (("--extra", "{"), "not JSON"),
        (("--effort", "some"), "'low', 'high'"),
    ],
)
def test_what_the_field_does_not_allow_is_refused_by_the_option(arguments: tuple[str, ...], says: str) -> None:
    assert says in run(*arguments)


def test_a_value_that_only_the_record_refuses_names_the_flag() -> None:
    with pytest.raises(ConfigError, match="--share: "):
        given(Asked, {"share": float("nan")})
