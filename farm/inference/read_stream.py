"""Reads the answer that a server streams, event by event, and tells the watchdog and the watch of each token."""

from __future__ import annotations

import time
from collections.abc import Callable

from farm.errors import BadResponse
from farm.inference.answer_reader import AnswerReader, parse
from farm.inference.connection.event_stream import Event, events
from farm.inference.connection.transport import Exchange
from farm.inference.flight import Flight
from farm.text import decode_output

DRAIN_S = 1.0  # for the end of the body, once the last event is here
_USUAL_NAMES = ("", "message")


def read_stream(
    exchange: Exchange,
    reader: AnswerReader,
    *,
    max_bytes: int,
    stall_s: float,
    flight: Flight | None,
    where: str,
    redact: Callable[[str], str],
) -> float | None:
    """Feeds the stream's events into `reader`; the monotonic time of the first token, None without one.

    Raises what `reader` raises for a part of the answer, and BadResponse for a stream that ends before its answer.
    """
    first: float | None = None
    done = False
    for event in events(exchange.chunks(), max_bytes=max_bytes, where=where):
        if event.data.strip() == b"[DONE]":
            done = True
            break
        if event.name == "error":
            raise reader.error(_words(event, where, redact))
        chunk = _chunk(event, where, redact)
        if chunk is None:
            continue
        reader.add_chunk(chunk)
        exchange.guard.progress(stall_s)
        if flight is not None and reader.started:
            flight.token()
        if first is None and reader.started:
            first = time.monotonic()
        if reader.full:
            return first
    reader.check_stream(done=done)
    exchange.drain(DRAIN_S)
    return first


def _chunk(event: Event, where: str, redact: Callable[[str], str]) -> object:
    """What an event holds; None for one of a type that is not the API's (a ping, a status of the proxy)."""
    try:
        value: object = parse(event.data, where=where, redact=redact)
    except BadResponse:
        if event.name in _USUAL_NAMES:
            raise
        return None
    known = event.name in _USUAL_NAMES or (isinstance(value, dict) and ("choices" in value or "error" in value))
    return value if known else None


def _words(event: Event, where: str, redact: Callable[[str], str]) -> object:
    """What an event of type error says: its `error`, its value, or its text."""
    try:
        value: object = parse(event.data, where=where, redact=redact)
    except BadResponse:
        return decode_output(event.data)
    return value.get("error") or value if isinstance(value, dict) else value
