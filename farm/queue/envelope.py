"""Checks each message of a queue before Celery or kombu sees it, and refuses all that farm never sends.

Celery obeys what a message says: time limits, ETAs, compression, other tasks to call afterwards. Farm
uses none of that, so a message that sets any of it is not farm's. The rule is "what farm never sets must be
empty" and not a list of dangerous fields, because the next version of Celery may add one.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from farm.errors import MessageRejected
from farm.queue.bounded_replies import REPLY_BYTES
from farm.queue.messages import MAX_MESSAGE_BYTES, SignedMessage, parse
from farm.text import nested_deeper

MAX_RAW_BYTES = 2 * MAX_MESSAGE_BYTES  # of a queue's entry: a job in Base64, and its headers
MAX_WORD = 512  # characters of a header's text
MAX_NESTING = 16  # lists and dicts within one another, of which a message of farm has less than half
# Celery's own words on an ordinary message of ours, and `redelivered`, which kombu adds.
WORDS = {"lang", "task", "id", "root_id", "argsrepr", "kwargsrepr", "origin"}
HANDED_BACK = "farm_handed_back"  # set by a worker of another version
FLAGS = {"ignore_result", "redelivered", HANDED_BACK}
EMPTY: tuple[object, ...] = (None, False, 0, "", [], {}, [None, None])


@dataclass(frozen=True, slots=True)
class Envelope:
    """An accepted message: the payload for kombu, and the job or batch in it."""

    payload: dict[str, Any]
    job: SignedMessage


class BadEnvelope(MessageRejected):
    """Raised when a queue's entry is not a message of farm. `headers`: those of the entry, if it has any."""

    def __init__(self, message: str, headers: object = None) -> None:
        super().__init__(message)
        self.headers = headers


def open_envelope(raw: bytes, queue: str, kinds: Mapping[str, type[SignedMessage]]) -> Envelope:
    """The message in an entry of `queue`. `kinds`: what each task of this worker takes.

    Raises BadEnvelope, or VersionSkew for a job of another schema.
    """
    if len(raw) > MAX_RAW_BYTES:
        raise BadEnvelope(f"an entry of {len(raw)} bytes, over {MAX_RAW_BYTES}")
    if not raw:  # such an entry, or what a worker reads in place of one that is too large
        raise BadEnvelope(f"an entry that is empty, or over {REPLY_BYTES} bytes")
    payload = _json(raw, "an entry")
    if not isinstance(payload, dict):
        raise BadEnvelope(f"an entry that is a {type(payload).__name__}, no object")
    headers = payload.get("headers")
    try:
        _properties(payload.get("properties"), queue)
        name = _headers(headers, kinds)
        if payload.get("content-type") != "application/json" or payload.get("content-encoding") != "utf-8":
            raise BadEnvelope("a message whose content is not JSON in UTF-8")
        job = parse(kinds[name], _job(payload.get("body")))
    except MessageRejected as exc:
        raise BadEnvelope(exc.message, headers) from exc
    return Envelope(payload, job)


def _json(raw: bytes | str, what: str) -> Any:
    try:
        value = json.loads(raw if isinstance(raw, str) else raw.decode())
    except (ValueError, RecursionError) as exc:
        raise BadEnvelope(f"{what} that is no JSON: {type(exc).__name__}") from exc
    if nested_deeper(value, MAX_NESTING):
        raise BadEnvelope(f"{what} nested more than {MAX_NESTING} deep")
    return value


def _properties(properties: object, queue: str) -> None:
    if not isinstance(properties, dict) or not isinstance(properties.get("delivery_info"), dict):
        raise BadEnvelope("a message without properties")
    if not _is_word(properties.get("delivery_tag")) or not properties["delivery_tag"]:
        raise BadEnvelope("a message without a delivery tag")
    if properties.get("body_encoding") != "base64":
        raise BadEnvelope("a message whose body is not in Base64")
    if not isinstance(properties.get("priority", 0), int):
        raise BadEnvelope("a message with a priority that is no number")
    where = properties["delivery_info"]
    if where.get("exchange") != "" or where.get("routing_key") != queue:  # where a redelivery would put it
        raise BadEnvelope("a message that was addressed to another queue")


def _headers(headers: object, kinds: Mapping[str, type[SignedMessage]]) -> str:
    if not isinstance(headers, dict):
        raise BadEnvelope("a message without headers")
    name = headers.get("task")
    if not isinstance(name, str) or name not in kinds:
        raise BadEnvelope("a message for a task that this worker has not")
    if not _is_word(headers.get("id")) or not headers["id"]:
        raise BadEnvelope("a message without an id")
    for header, value in headers.items():
        if header in WORDS:
            fine = _is_word(value) or value is None
        elif header in FLAGS:
            fine = isinstance(value, bool)
        else:
            fine = any(type(value) is type(empty) and value == empty for empty in EMPTY)
        if not fine:
            raise BadEnvelope(f"a message that sets {header[:64]!r}")
    return name


def _job(body: object) -> object:
    if not isinstance(body, str):
        raise BadEnvelope("a message without a body")
    try:
        text = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise BadEnvelope("a message whose body is not in Base64") from exc
    match _json(text, "a body"):
        case [[], {"job": job, **others}, {**embedded}] if not others and not any(embedded.values()):
            return job
        case _:
            raise BadEnvelope("a message with other arguments than one job")


def _is_word(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_WORD
