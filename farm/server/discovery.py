"""Finds the model servers that run on this host, and the device that serves them.

Tenstorrent's `tt` says what it started (`tt model ps --json`); else the ports are tried where `tt serve`, TT-Studio and
tt-inference-server put a server. The board comes from a snapshot of `tt-smi`. Nothing of theirs is imported; without
these commands the ports remain, and --device.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm.catalogue.engines import UNKNOWN
from farm.config import Settings
from farm.errors import AuthRejected, ConfigError, ConnectionLost, InferenceError
from farm.inference.client_of import client_of
from farm.inference.model_list import Row, find, names_in
from farm.text import one_line

TT_PORT, PORT = 20000, 8000  # of `tt serve` and TT-Studio, and of tt-inference-server by itself
COMMAND_S = 20.0
ASK_S = 3.0
# Board family and number of boards -> device: as in backends/serving/inference_server.py of `tt` 1.2.1, and Galaxies
_BOARDS = {
    ("e150", 1): "e150", ("n150", 1): "n150", ("n150", 4): "n150x4", ("n300", 1): "n300", ("n300", 4): "t3k",
    ("p100", 1): "p100", ("p150", 1): "p150", ("p150", 4): "p150x4", ("p150", 8): "p150x8", ("p300", 1): "p300",
    ("p300", 2): "p300x2", ("tt-galaxy-wh", 32): "galaxy", ("tt-galaxy-bh", 32): "blackhole_galaxy",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server of this host. `names` is empty if it does not tell them without a key."""

    url: str
    rows: tuple[Row, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return names_in(self.rows)

    def serves(self, wanted: Sequence[str]) -> bool:
        """Whether it has a model of one of these names, or may have it."""
        return not self.rows or any(find(self.rows, name) is not None for name in wanted)


@dataclass(frozen=True, slots=True)
class Search:
    """What was found on this host, and a line on each place that was looked at."""

    servers: tuple[FoundServer, ...]
    said: tuple[str, ...]

    def chosen(self, wanted: Sequence[str]) -> FoundServer:
        """The first server that has a model of one of these names; without names, the only server with one model.

        Raises ConfigError that says what was found and what was not.
        """
        fitting = [server for server in self.servers if not wanted or server.serves(wanted)]
        if not fitting:
            what = (
                f"no model server of this host has {one_line(wanted[0], 100)}" if wanted else "no model server is found"
            )
            raise ConfigError(
                f"{what}: {'; '.join(self.said)}",
                remedy="start one (tt serve, farm server start), or name it with --server-url",
            )
        if not wanted and (len(fitting) > 1 or len(fitting[0].names) != 1):
            raise ConfigError(
                f"no --model is given, and there is not just one: {'; '.join(self.said)}",
                remedy="name one with --model",
            )
        return fitting[0]


def search(settings: Settings) -> Search:
    """Ask `tt` which servers run, then the ports where one may be; each server once."""
    servers: dict[str, FoundServer] = {}
    said: list[str] = []
    for url, origin in _places(settings, said):
        if url in servers:
            continue
        rows, words = _models(settings, url, origin)
        said.append(f"{url} ({origin}): {words}")
        if rows is not None:
            servers[url] = FoundServer(url, rows)
    return Search(tuple(servers.values()), tuple(said))


def device_of_this_host() -> tuple[str | None, str]:
    """The device that tt-smi's snapshot shows, and words on it; None where it cannot be told."""
    boards, words = _boards()
    if boards is None:
        return None, words
    if len(boards) != 1:
        return None, f"tt-smi: {'boards of several kinds' if boards else 'no board'}"
    [(family, count)] = boards.items()
    device = _BOARDS.get((family, count))
    return device, f"tt-smi: {count} x {family}" + (
        f", device {device}" if device else ", which is no device of farm's"
    )


def _places(settings: Settings, said: list[str]) -> Iterator[tuple[str, str]]:
    """Where a server may be, and who says so."""
    for row in _tt_servers(said):
        url, state = row.get("base_url"), row.get("health")
        name = one_line(str(row.get("served_id") or row.get("name")), 100)
        if row.get("status") == "running" and isinstance(url, str):
            if state == "starting":
                said.append(f"tt model ps: {name} at {one_line(url, 100)} is starting")
                continue
            yield url.rstrip("/").removesuffix("/v1"), "tt model ps"
    if settings.server_url_origin == "SERVICE_PORT" and settings.server_url:
        yield settings.server_url, "SERVICE_PORT"
    for port in (TT_PORT, PORT):
        yield f"http://127.0.0.1:{port}", "usual port"


def _tt_servers(said: list[str]) -> list[dict[str, Any]]:
    """The rows of `tt model ps --json`. It ends with 5 and JSON that names the cause where Docker does not answer."""
    tt = shutil.which("tt")
    if tt is None:
        said.append("tt is not on the PATH")
        return []
    answer, words = _json_of([tt, "model", "ps", "--json"])
    if isinstance(answer, dict) and isinstance(answer.get("served"), list):
        rows = [row for row in answer["served"] if isinstance(row, dict)]
        if not rows:
            said.append("tt model ps: nothing is served")
        return rows
    error = answer.get("error") if isinstance(answer, dict) else None
    why = (error.get("why") or error.get("what")) if isinstance(error, dict) else words
    said.append(f"tt model ps: {one_line(str(why), 200)}")
    return []


def _models(settings: Settings, url: str, origin: str) -> tuple[tuple[Row, ...] | None, str]:
    """The rows of a server's `/v1/models`, and words on it; None where no model server is."""
    try:
        with client_of(settings, UNKNOWN, url, url_origin=origin, control_s=ASK_S, connect_s=ASK_S) as client:
            rows = tuple(client.models())
    except AuthRejected:
        return (), "a server that wants a key"
    except ConnectionLost:
        return None, "nothing answers"
    except InferenceError as exc:
        return None, f"no model server ({one_line(exc.message, 100)})"
    if not rows:
        return None, "a server without a model"
    return rows, f"serves {one_line(', '.join(names_in(rows)), 200)}"


def _boards() -> tuple[dict[str, int] | None, str]:
    """Boards of this host by family. A board with two chips has two entries with one board_id."""
    smi = shutil.which("tt-smi")
    if smi is None:
        return None, "tt-smi is not on the PATH"
    with tempfile.TemporaryDirectory(prefix="farm-tt-smi-") as folder:
        file = Path(folder) / "snapshot.json"  # some versions write the snapshot into a file alone
        answer, words = _json_of([smi, "-s", "-f", str(file)], file)
    chips = answer.get("device_info") if isinstance(answer, dict) else None
    if not isinstance(chips, list):
        return None, f"tt-smi: {words}"
    boards: dict[str, set[str]] = defaultdict(set)
    for number, chip in enumerate(chips):
        board = chip.get("board_info") if isinstance(chip, dict) else None
        kind = str(board.get("board_type") or "") if isinstance(board, dict) else ""
        family = re.match(r"tt-galaxy-[a-z]+|[a-z]+\d+", kind.strip().lower())
        if family is None or not isinstance(board, dict):
            return None, f"tt-smi: a board of an unknown kind {one_line(kind, 40)!r}"
        boards[family.group()].add(str(board.get("board_id") or f"entry-{number}"))
    return {family: len(ids) for family, ids in boards.items()}, ""


def _json_of(command: list[str], file: Path | None = None) -> tuple[Any, str]:
    """What a command printed or wrote as JSON, whatever its exit code; else None, and why."""
    name = Path(command[0]).name
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_S, check=False)
        text = file.read_bytes() if file is not None and file.is_file() and file.stat().st_size else done.stdout
        return json.loads(text), ""
    except subprocess.TimeoutExpired:
        return None, f"{name} did not end in {COMMAND_S:.0f} s"
    except OSError as exc:
        return None, f"{name} cannot be started: {exc.strerror}"
    except (ValueError, RecursionError):
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return None, f"{name} ended with {done.returncode} and without JSON: {one_line(last, 120)}"
