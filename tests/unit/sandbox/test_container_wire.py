"""Messages of a container's relay: what a worker sends arrives whole, what a hostile relay sends is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.errors import SandboxLost
from farm.records import Limits
from farm.sandbox.api import Observation
from farm.sandbox.container import wire
from farm.sandbox.container.bundle import BOOT, archive
from farm.sandbox.runner import RunRequest

SEEN = Observation(
    locked=True, loaded=True, syntax_error=None, exit_code=0, signal=None, limit=None, stdout=b"\xff\n",
    stdout_bytes=2, stdout_truncated=False, stderr=b"", frame={"value": [1]}, cpu_s=0.5, wall_s=1, peak_bytes=4096,
)  # fmt: skip


def reader(data: bytes) -> Callable[[int], bytes]:
    left = bytearray(data)

    def exactly(size: int) -> bytes:
        if size > len(left):
            raise SandboxLost("the container is gone")
        taken = bytes(left[:size])
        del left[:size]
        return taken

    return exactly


def test_an_order_arrives_whole() -> None:
    request = RunRequest(
        mode="lcb", source=b"x", limits=Limits(), cpu_s=1.5, stack_bytes=1, stdout_bytes=2, func_name="f",
        variant="tt", payload=b"\0" * 70_000,
    )  # fmt: skip
    header, blobs = wire.read(reader(wire.pack(*wire.request_message(request))))
    header.pop("blobs")
    arrived = wire.request_of(header, blobs)
    assert arrived.limits.memory_bytes == request.limits.memory_bytes
    assert {n: getattr(arrived, n) for n in RunRequest.__slots__ if n != "limits"} == {
        n: getattr(request, n) for n in RunRequest.__slots__ if n != "limits"
    }


def test_an_observation_arrives_whole() -> None:
    assert wire.observation_of(*wire.read(reader(wire.pack(*wire.observation_message(SEEN))))) == SEEN


@pytest.mark.parametrize(
    "change",
    [
        {"locked": 1}, {"exit_code": "0"}, {"cpu_s": float("nan")}, {"cpu_s": -1.0}, {"peak_bytes": 1 << 70},
        {"stdout_bytes": True}, {"suspect": None}, {"limit": 3}, {"wall_s": None},
    ],
    ids=str,
)  # fmt: skip
def test_an_observation_of_another_form_is_a_lost_sandbox(change: dict[str, object]) -> None:
    header, blobs = wire.observation_message(SEEN)
    with pytest.raises(SandboxLost):
        wire.observation_of({**header, **change}, blobs)
    with pytest.raises(SandboxLost):
        wire.observation_of({k: v for k, v in header.items() if k != next(iter(change))}, blobs)
    with pytest.raises(SandboxLost):
        wire.observation_of(header, blobs[:1])


@pytest.mark.parametrize(
    "header",
    [b"", b"[]", b"{}", b'{"blobs": 3}', b'{"blobs": [-1]}', b'{"blobs": [true]}', b'{"blobs": ["1"]}', b"[" * 100_000,
     b'{"blobs": [1e9]}', b'{"blobs": [99999999999]}', b"\xff"],
    ids=lambda h: h[:20].decode("latin-1"),
)  # fmt: skip
def test_what_is_no_message_is_a_lost_sandbox(header: bytes) -> None:
    with pytest.raises(SandboxLost):
        wire.read(reader(len(header).to_bytes(4, "big") + header))


def test_a_huge_head_is_not_read() -> None:
    with pytest.raises(SandboxLost, match="head of"):
        wire.read(reader(b"\xff" * 4))


@given(st.binary(max_size=300))
def test_no_bytes_make_a_worker_fail_otherwise(data: bytes) -> None:
    try:
        header, blobs = wire.read(reader(data))
        wire.observation_of(header, blobs)
    except SandboxLost:
        pass


def test_the_relay_needs_nothing_but_its_archive_and_the_standard_library(tmp_path: Path) -> None:
    """With no site-packages and no other part of farm, the relay starts and answers a request."""
    request = RunRequest(
        mode="judge", source=b"print(input())", limits=Limits(), cpu_s=6.0, stack_bytes=256 << 20,
        stdout_bytes=1 << 20, stdin=b"hello\n",
    )  # fmt: skip
    opening: dict[str, object] = {"do": "open", "tier": "none", "python": None, "preload": []}
    header, blobs = wire.request_message(request)
    sent = archive() + wire.pack(opening) + wire.pack({"do": "observe", **header}, blobs)
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", BOOT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd="/",
        env={"TMPDIR": str(tmp_path), "PATH": os.environ["PATH"]},
    ) as relay:
        assert relay.stdin is not None and relay.stdout is not None
        relay.stdin.write(sent)
        relay.stdin.flush()
        facts, _ = wire.read(relay.stdout.read)
        assert facts["tier"] == "none", json.dumps(facts)
        seen = wire.observation_of(*wire.read(relay.stdout.read))
        assert (seen.exit_code, seen.stdout) == (0, b"hello\n")
        relay.stdin.close()
        assert relay.wait(timeout=60) == 0
