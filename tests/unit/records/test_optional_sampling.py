"""A sampling option that is sent only where it is set: on its whole way from the command line to the exports.

A new option is one more line of SET; nothing else of farm names such options.
"""

from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner

from farm import protocols
from farm.catalogue.eval_tasks import eval_task
from farm.cli.options.fields import field_options, given
from farm.inference.generation import GenerateRequest
from farm.ledger.spec_differences import spec_differences
from farm.lm_eval.runs.requests import sampling_of
from farm.planning.references import Measurement, references_of
from farm.records import DatasetRef, Limits, Message, Prompt, Sampling, ServedModel
from farm.records.fields import in_words, options_of, sent, shown
from farm.scoring.differences import differences
from farm.scoring.report import Versions
from tests.unit.plans import spec

SET: dict[str, Any] = {
    "top_k": 40,
    "min_p": 0.05,
    "presence_penalty": 1.5,
    "frequency_penalty": -0.5,
    "repetition_penalty": 1.05,
    "reasoning_effort": "low",
    "chat_template_kwargs": {"enable_thinking": True},
}
WORDS = {"chat_template_kwargs": "enable_thinking=true"}  # on the command line, where that is not the value
OPTIONAL = pytest.mark.parametrize(("name", "value"), SET.items())


def sampling(name: str, value: object) -> Sampling:
    return Sampling.model_validate({name: value})


def test_each_option_of_this_kind_is_tried() -> None:
    optional = [name for name, field in Sampling.model_fields.items() if field.default is None]
    assert sorted(optional) == sorted([*SET, "temperature", "top_p", "extra_body", "omit"])


@OPTIONAL
def test_it_is_in_the_body_and_in_words_only_where_it_is_set(name: str, value: object) -> None:
    served = ServedModel(name="m", repo="org/m", device="n300")
    prompt = Prompt(messages=(Message(role="user", content="add"),))
    sent_as = options_of(Sampling)[name][1].sent_as
    assert GenerateRequest.of(prompt, served, sampling(name, value), seed=1).body(stream=False)[sent_as] == value
    assert sent_as not in GenerateRequest.of(prompt, served, Sampling(), seed=1).body(stream=False)
    assert f"{name} {shown(value)}" in in_words(sampling(name, value)) and name not in in_words(Sampling())


@OPTIONAL
def test_unset_it_is_in_no_record_so_that_digests_stay(name: str, value: object) -> None:
    assert name not in Sampling().model_dump(mode="json")
    assert Sampling.model_validate_json(sampling(name, value).to_json()) == sampling(name, value)


@OPTIONAL
def test_two_runs_that_differ_in_it_are_two_measurements(name: str, value: object) -> None:
    one = spec("evaluate")
    other = one.model_copy(update={"sampling": one.sampling.model_copy(update={name: value})})
    versions = Versions(farm="1", python="3")
    label = options_of(Sampling)[name][1].label
    [found] = differences(one, versions, other, versions)
    assert (found.what, found.a, found.b, found.measurement) == (label, "not sent", shown(value), True)
    assert spec_differences(one, other) == [f"sampling.{name}: planned nothing, given {value}"]


@OPTIONAL
def test_references_were_measured_without_it(name: str, value: object) -> None:
    tt = protocols.get("tt")
    dataset = DatasetRef(name="livecodebench", source="x", digest="1" * 64, problems=1055)
    chosen = tt.sampling.model_copy(update={name: value})
    found = references_of(eval_task("Llama-3.2-3B-Instruct"), Measurement(tt, tt.judge, chosen, Limits(), dataset))
    assert (f"{options_of(Sampling)[name][1].label} not sent",) in [reference.unlike for reference in found]


@OPTIONAL
def test_the_command_line_and_lm_eval_set_it(name: str, value: object) -> None:
    @click.command()
    @field_options(Sampling)
    def command(**values: Any) -> None:
        click.echo(sent(given(Sampling, values)))

    option = options_of(Sampling)[name][1]
    written = WORDS.get(name, str(value))
    assert f"'{option.sent_as}': {value!r}" in CliRunner().invoke(command, [option.flag, written]).output
    read = sampling_of({option.sent_as: value if name in WORDS else str(value)}, n=1, seed=1, max_gen_toks=9, task="t")
    assert getattr(read, name) == value
