"""What users write for --gen-kwargs."""

from __future__ import annotations

from typing import Any

import pytest

from farm.errors import ConfigError
from farm.lm_eval.runs.requests import sampling_of
from farm.lm_eval.runs.task import gen_kwargs


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("temperature=0.6, top_k=20", {"temperature": 0.6, "top_k": 20}),
        ("do_sample=True", {"do_sample": True}),
        ('{"min_p": 0.1}', {"min_p": 0.1}),
        ("reasoning_effort=low", {"reasoning_effort": "low"}),
        (
            'chat_template_kwargs={"a": 1, "b": [2, 3]},top_p=0.9',
            {"chat_template_kwargs": {"a": 1, "b": [2, 3]}, "top_p": 0.9},
        ),
    ],
)
def test_pairs_and_objects(text: str, found: dict[str, Any]) -> None:
    assert gen_kwargs(text) == found


def test_they_feed_the_fields_of_the_sampling() -> None:
    given = gen_kwargs('chat_template_kwargs={"enable_thinking": true},min_p=0.1,extra_body={"x": 1, "y": 2}')
    read = sampling_of(given, n=1, seed=1, max_gen_toks=9, task="t")
    assert (read.chat_template_kwargs, read.min_p, read.extra_body) == (
        {"enable_thinking": True},
        0.1,
        {"x": 1, "y": 2},
    )
    with pytest.raises(ConfigError, match="farm sets seed itself"):
        sampling_of(gen_kwargs('extra_body={"seed": 1}'), n=1, seed=1, max_gen_toks=9, task="t")


def test_what_is_neither() -> None:
    with pytest.raises(ConfigError, match="neither"):
        gen_kwargs("temperature")
