"""Servers and boards that are found on this host, with recorded answers of Tenstorrent's commands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from farm import config
from farm.errors import ConfigError
from farm.server import discovery
from farm.server.discovery import Search, device_of_this_host, search
from tests.support.model_server import ModelServer
from tests.support.redis_server import free_port

DOCKER_DOWN = {  # `tt` 1.2.1 without Docker: exit code 5
    "error": {
        "what": "/usr/bin/docker exited with status 1.", "code": "TOOL_FAILED", "exit_code": 5, "reason": None,
        "why": "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
        "next_step": "Re-run with --verbose for the full command line.",
    }
}  # fmt: skip


def served(url: str | None, **changes: Any) -> dict[str, Any]:
    """A row of `tt model ps --json`."""
    row = {
        "name": "Llama-3.1-8B-Instruct", "backend": "inference-server", "container": "tt-inference-server-1f2e3d4c",
        "container_id": "0123456789ab", "image": "registry.example/vllm:0.25.0", "port": 20000,
        "base_url": None if url is None else f"{url}/v1", "status": "running", "health": "healthy",
        "started_at": "2026-11-30T10:00:00Z", "uptime_s": 900, "profile": None,
        "served_id": "meta-llama/Llama-3.1-8B-Instruct",
    }  # fmt: skip
    return {**row, **changes}


def chips(kind: str, *boards: str) -> dict[str, Any]:
    """tt-smi's snapshot: an entry a chip."""
    rows = [{"board_info": {"board_type": kind, "board_id": board, "bus_id": "0000:01:00.0"}} for board in boards]
    return {"time": "2026-11-30T10:00:00", "host_info": {"OS": "Linux"}, "device_info": rows}


class Host:
    """A PATH with commands that answer as recorded, and usual ports that are free."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        folder.mkdir()
        monkeypatch.setenv("PATH", str(folder))
        self.ports = (free_port(), free_port())
        monkeypatch.setattr(discovery, "TT_PORT", self.ports[0])
        monkeypatch.setattr(discovery, "PORT", self.ports[1])

    def command(self, name: str, answer: object, *, code: int = 0, into_file: bool = False) -> None:
        text = answer if isinstance(answer, str) else json.dumps(answer)
        (self.folder / f"{name}.out").write_text(text)
        target = ' >"$3"' if into_file else ""
        script = self.folder / name
        script.write_text(f"#!/bin/sh\n/bin/cat {self.folder}/{name}.out{target}\nexit {code}\n")
        script.chmod(0o755)

    def search(self, **env: str) -> Search:
        return search(config.load({"HOME": "/nonexistent", **env}))


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path / "bin", monkeypatch)


def test_nothing_is_there(host: Host) -> None:
    found = host.search()
    assert not found.servers
    with pytest.raises(ConfigError) as caught:
        found.chosen(["org/M"])
    for part in ("has org/M: tt is not on the PATH", f"127.0.0.1:{host.ports[0]} (usual port): nothing answers",
                 "tt serve", "--server-url"):  # fmt: skip
        assert part in str(caught.value)


def test_what_tt_started_is_found_first(host: Host) -> None:
    with ModelServer(model="meta-llama/Llama-3.1-8B-Instruct") as server:
        rows = [
            served(server.url),
            served(None, status="exited", health="stopped"),
            served("http://127.0.0.1:1", health="starting"),
        ]
        host.command("tt", {"served": rows, "probed": True})
        found = host.search()
        assert [each.url for each in found.servers] == [server.url]
        assert found.chosen(["Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct"]).url == server.url
        assert found.chosen([]).names == ("meta-llama/Llama-3.1-8B-Instruct",)
        assert any("is starting" in line for line in found.said)
        with pytest.raises(
            ConfigError, match=rf"no model server of this host has other: .*{server.url} \(tt model ps\): serves"
        ):
            found.chosen(["other"])


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (DOCKER_DOWN, 5, "tt model ps: Cannot connect to the Docker daemon"),
        ({"served": [], "probed": True}, 0, "tt model ps: nothing is served"),
        ("Traceback (most recent call last):", 1, "tt model ps: tt ended with 1 and without JSON"),
        ("[]", 0, "tt model ps: "),
    ],
)
def test_what_tt_says_besides_is_told_and_the_ports_are_tried(host: Host, answer: object, code: int, said: str) -> None:
    host.command("tt", answer, code=code)
    with ModelServer(model="org/M") as server:
        found = host.search(SERVICE_PORT=server.url.rpartition(":")[2])
    assert any(line.startswith(said) for line in found.said), found.said
    assert [each.names for each in found.servers] == [("org/M",)]


def test_several_servers_need_a_name_and_one_that_wants_a_key_counts(host: Host) -> None:
    with ModelServer(model="org/A") as one, ModelServer(model="org/B", token="a-key") as two:
        host.command("tt", {"served": [served(one.url), served(two.url)], "probed": True})
        found = host.search()
        assert found.chosen(["org/A"]).url == one.url and found.chosen(["org/B"]).url == two.url
        with pytest.raises(ConfigError, match="no --model is given, and there is not just one"):
            found.chosen([])


def test_what_is_no_model_server_is_said(host: Host) -> None:
    with ModelServer(model="org/M") as server:
        host.command("tt", {"served": [served(f"{server.url}/nothing-here")], "probed": True})
        found = host.search()
    assert not found.servers and any("no model server (" in line for line in found.said), found.said


@pytest.mark.parametrize(
    ("kind", "boards", "device"),
    [
        ("n150 L", ["a"], "n150"), ("n300 L", ["a", "a"], "n300"), ("n300 R", [*"aabbccdd"], "t3k"),
        ("p150b", ["a"], "p150"), ("p150a", ["a", "b", "c", "d"], "p150x4"), ("p300c", ["a", "a", "b", "b"], "p300x2"),
        ("tt-galaxy-wh", [str(n) for n in range(32)], "galaxy"), ("e150", ["a"], "e150"), ("p100a", ["a"], "p100"),
        ("n300 L", ["a", "b", "c"], None),
    ],
)  # fmt: skip
def test_the_device_by_the_boards(host: Host, kind: str, boards: Sequence[str], device: str | None) -> None:
    host.command("tt-smi", chips(kind, *boards), into_file=True)
    assert device_of_this_host()[0] == device
    host.command("tt-smi", chips(kind, *boards))  # other versions print it
    assert device_of_this_host()[0] == device


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"device_info": []}, "no board"),
        ({"device_info": [*chips("n150 L", "a")["device_info"], *chips("p150b", "b")["device_info"]]}, "several kinds"),
        ({"device_info": [{"board_info": None}]}, "a board of an unknown kind"),
        ("No Tenstorrent devices detected!", "without JSON"),
    ],
)
def test_boards_that_tell_no_device(host: Host, answer: object, said: str) -> None:
    host.command("tt-smi", answer)
    found, words = device_of_this_host()
    assert found is None and said in words


def test_without_tt_smi(host: Host) -> None:
    assert device_of_this_host() == (None, "tt-smi is not on the PATH")
