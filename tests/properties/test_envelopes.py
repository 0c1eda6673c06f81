"""Entries of a queue: whatever is written there is opened or refused, and what is noted of it can be shown."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.errors import VersionSkew
from farm.queue.envelope import BadEnvelope, open_envelope
from farm.queue.messages import ExecuteJob
from farm.text import one_line

QUEUE, TASK = "execute", "farm.execute"
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def entry(body: object, headers: object, **properties: Any) -> dict[str, Any]:
    return {
        "body": base64.b64encode(json.dumps(body).encode()).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": headers,
        "properties": {
            "delivery_info": {"exchange": "", "routing_key": QUEUE}, "delivery_tag": "t", "body_encoding": "base64",
            **properties,
        },
    }  # fmt: skip


def opened(raw: bytes) -> None:
    try:
        open_envelope(raw, QUEUE, {TASK: ExecuteJob})
    except BadEnvelope as refused:
        one_line(repr(refused.headers), 200)  # as the quarantine notes it


@given(st.binary(max_size=200))
def test_no_bytes_raise(raw: bytes) -> None:
    opened(raw)


@given(JSON_VALUES)
def test_no_json_raises(value: Any) -> None:
    opened(json.dumps(value).encode())


@given(
    JSON_VALUES | st.builds(lambda job: [[], {"job": job}, {}], JSON_VALUES),
    JSON_VALUES | st.builds(lambda more: {"task": TASK, "id": "x", **more}, st.dictionaries(st.text(), JSON_VALUES)),
    st.dictionaries(st.sampled_from(["priority", "delivery_info", "delivery_tag", "body_encoding"]), JSON_VALUES),
)
def test_nothing_that_looks_like_a_message_raises(body: Any, headers: Any, properties: dict[str, Any]) -> None:
    with suppress(VersionSkew):
        opened(json.dumps(entry(body, headers, **properties)).encode())


@pytest.mark.parametrize("depth", [17, 300, 950, 1_900])
@pytest.mark.parametrize("place", ["headers", "lang", "body", "job"])
def test_deep_messages_are_refused(depth: int, place: str) -> None:
    """Near a recursion limit what can be read can no longer be noted; the limits differ between Pythons."""
    deep = "[" * depth + "]" * depth
    text = json.dumps({
        "headers": entry([], "DEEP"),
        "lang": entry([], {"task": TASK, "id": "x", "lang": "DEEP"}),
        "body": entry([], {"task": TASK, "id": "x"}),
        "job": entry([], {"task": TASK, "id": "x"}),
    }[place])  # fmt: skip
    body = f'[[], {{"job": {deep}}}, {{}}]' if place == "job" else deep
    text = text.replace('"DEEP"', deep).replace(
        base64.b64encode(b"[]").decode(), base64.b64encode(body.encode()).decode()
    )
    with pytest.raises(BadEnvelope):
        open_envelope(text.encode(), QUEUE, {TASK: ExecuteJob})
    opened(text.encode())
