"""Waiting for a server that was just started: a slow one is waited for, a dead one is not."""

from __future__ import annotations

import socket

import pytest

from farm.app.display import Quiet
from farm.app.model_servers import waited_for
from farm.errors import ConnectionLost, ServerNotStarted
from farm.inference.client import Client
from farm.records import ServedModel
from tests.support.model_server import Fault, ModelServer

MODEL = ServedModel(name="M", repo="test/model", device="n300")


def test_a_slow_first_answer_is_within_the_budget() -> None:
    """As while tt-inference-server compiles its traces: healthy, and the first token takes its time."""
    with ModelServer(prefill_s=1.5) as server, Client(server.url) as client:
        facts = waited_for(client, MODEL, 60.0, display=Quiet())
        assert facts.model.as_expected and facts.probe_s >= 1.5
        assert server.requests == 1


def test_errors_while_it_warms_up_are_waited_out_and_shown() -> None:
    asked = []
    with ModelServer(faults=[Fault(status=503), Fault(status=503)]) as server, Client(server.url) as client:
        waited_for(client, MODEL, 60.0, display=Quiet(), check_alive=lambda: asked.append(1))
        assert server.requests == 3 and len(asked) == 2  # between two tries it is looked at


def test_a_server_that_has_ended_is_not_waited_for() -> None:
    def ended() -> None:
        raise ServerNotStarted("the server ended with exit code 3 while it started: out of memory")

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with Client(f"http://127.0.0.1:{unused.getsockname()[1]}") as client:
            with pytest.raises(ServerNotStarted, match="out of memory") as caught:
                waited_for(client, MODEL, 3600.0, display=Quiet(), check_alive=ended)
            assert caught.value.exit_code == 2
            with pytest.raises(ConnectionLost, match=r"was not ready within 0\.1 s") as late:
                waited_for(client, MODEL, 0.1, display=Quiet())
            assert late.value.exit_code == 2
