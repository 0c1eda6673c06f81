"""Links that decorate a good stream, as proxies and small servers do: its answer stays a good one."""

from __future__ import annotations

import json
from typing import Any, Literal

Link = Literal[
    "plain",
    "blank_frames", "comments", "unknown_events", "no_delta", "null_choices", "nonsense_usage",  # between the events
    "byte_order_mark", "carriage_returns", "content_type", "no_content_type",
    "blank_reasons",  # `finish_reason: ""` in each chunk, and a real one at the end
    "no_reason",  # none at all, then `[DONE]`
    "no_done",  # a finish reason, and no `[DONE]`
    "held_back",  # nothing before the answer is complete, then all at once
]  # fmt: skip

_EXTRA: dict[Link, bytes] = {
    "blank_frames": b"data:\n\ndata: \n\n",
    "comments": b": keep-alive\n\n",
    "unknown_events": b"event: ping\ndata: {}\n\nevent: status\ndata: queue 3\nid: 7\n\n",
    "no_delta": b'data: {"choices": [{"index": 0}]}\n\n',
    "null_choices": b'data: {"choices": null}\n\ndata: {"object": "chat.completion.chunk"}\n\n',
    "nonsense_usage": b'data: {"choices": [], "usage": "many"}\n\ndata: {"usage": {"prompt_tokens": -3}}\n\n',
}


def content_type(link: Link) -> str | None:
    """The Content-Type of a stream; None: no such header."""
    return {"content_type": "TEXT/Event-Stream ;Charset=UTF-8", "no_content_type": None}.get(
        link, "text/event-stream; charset=utf-8"
    )


def first_bytes(link: Link) -> bytes:
    """What stands before the first event."""
    return b"\xef\xbb\xbf" if link == "byte_order_mark" else b""


def event_bytes(link: Link, value: dict[str, Any] | None) -> bytes:
    """One event as it is sent, with what the link puts behind it; None is `[DONE]`."""
    if value is None:
        return b"" if link == "no_done" else b"data: [DONE]\n\n"
    for choice in value.get("choices") or ():
        if link == "blank_reasons" and choice["finish_reason"] is None:
            choice["finish_reason"] = ""
        if link == "no_reason":
            choice["finish_reason"] = None
    data = b"data: " + json.dumps(value).encode() + b"\n\n" + _EXTRA.get(link, b"")
    return data.replace(b"\n", b"\r") if link == "carriage_returns" else data
