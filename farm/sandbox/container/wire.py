"""Messages between a worker and the relay in its container. Loads with the standard library alone.

A message is four bytes of length (big-endian), a JSON object of that length, and the byte strings whose
lengths the object's `blobs` lists. Nothing is unpickled. A program that broke out of its child could
write any of it, so the worker reads with caps and believes nothing but the form: a message without the
form is a lost sandbox, and what an observation says is judged like any other.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

from farm.errors import SandboxLost
from farm.sandbox.api import Observation
from farm.sandbox.frames import decode_value
from farm.sandbox.runner import RunRequest

HEAD_BYTES = 4
MAX_HEADER_BYTES = 1 << 20
MAX_BLOB_BYTES = 512 << 20
LIMITS = ("cpu_s", "wall_s", "memory_bytes", "stdout_bytes", "stderr_bytes", "result_bytes", "stack_bytes", "threads",
          "open_files")  # fmt: skip
_SENT_AS_BLOBS = ("stdout", "stderr", "frame")


def pack(header: dict[str, Any], blobs: Sequence[bytes] = ()) -> bytes:
    """One message as bytes."""
    data = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode()
    return b"".join([len(data).to_bytes(HEAD_BYTES, "big"), data, *blobs])


def read(exactly: Callable[[int], bytes]) -> tuple[dict[str, Any], list[bytes]]:
    """One message by `exactly`, which gives so many bytes. Raises SandboxLost for what is no message."""
    size = int.from_bytes(exactly(HEAD_BYTES), "big")
    if size > MAX_HEADER_BYTES:
        raise SandboxLost(f"a message head of {size} bytes from the container")
    try:
        header = json.loads(exactly(size))
        sizes = header["blobs"]
        whole = all(type(n) is int and n >= 0 for n in sizes) and sum(sizes) <= MAX_BLOB_BYTES
    except (ValueError, TypeError, KeyError, RecursionError) as exc:
        raise SandboxLost(f"the container sent what is no message: {exc}") from exc
    if not whole:
        raise SandboxLost("the container sent more than it may")
    return header, [exactly(n) for n in sizes]


def request_message(request: RunRequest) -> tuple[dict[str, Any], list[bytes]]:
    """A request as header and blobs."""
    plain = {field.name: getattr(request, field.name) for field in dataclasses.fields(request)}
    blobs = [plain.pop("source")]
    given = {name: plain.pop(name) for name in ("stdin", "payload")}
    plain["given"] = [name for name, value in given.items() if value is not None]
    blobs += [given[name] for name in plain["given"]]
    plain["limits"] = {name: getattr(request.limits, name) for name in LIMITS}
    return plain, blobs


def request_of(header: dict[str, Any], blobs: list[bytes]) -> RunRequest:
    """The request of a message. Its limits have the attributes of `farm.records.Limits` that a slot reads."""
    plain = dict(header)
    named = dict(zip(plain.pop("given"), blobs[1:], strict=True))
    plain["limits"] = cast(Any, SimpleNamespace(**plain["limits"]))
    return RunRequest(source=blobs[0], **named, **plain)


def observation_message(seen: Observation) -> tuple[dict[str, Any], list[bytes]]:
    """An observation as header and blobs; its frame travels as JSON."""
    plain = {f.name: getattr(seen, f.name) for f in dataclasses.fields(seen) if f.name not in _SENT_AS_BLOBS}
    blobs = [seen.stdout, seen.stderr]
    if seen.frame is not None:
        blobs.append(json.dumps(seen.frame).encode())
    return plain, blobs


def observation_of(header: dict[str, Any], blobs: list[bytes]) -> Observation:
    """The observation of a message. Raises SandboxLost if a field lacks or has another type."""
    fields = [f for f in dataclasses.fields(Observation) if f.name not in _SENT_AS_BLOBS]
    try:
        plain = {field.name: _checked(field.name, str(field.type), header[field.name]) for field in fields}
        stdout, stderr, *frame = blobs
    except (KeyError, ValueError) as exc:
        raise SandboxLost(f"the container sent an observation without its form: {exc}") from exc
    return Observation(stdout=stdout, stderr=stderr, frame=decode_value(frame[0]) if frame else None, **plain)


_TYPES: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "str | None": (str, type(None)),
    "int | None": (int, type(None)),
    "Ended | None": (str, type(None)),
}


def _checked(name: str, kind: str, value: Any) -> Any:
    if type(value) not in _TYPES[kind] or (isinstance(value, int | float) and not 0 <= value < 1 << 62):
        raise ValueError(name)
    return value
