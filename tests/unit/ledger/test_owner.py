"""Who drives a run, as its row in the ledger says it; the owner's name has no digest, so it may be damaged."""

from __future__ import annotations

import os
import socket
import time

import pytest

from farm.ledger.ledger import owned
from farm.processes import process_start

HERE, ME = socket.gethostname(), os.getpid()


def test_a_process_of_this_host_owns_a_run_as_long_as_it_lives() -> None:
    assert owned({"owner": f"{HERE}:{ME}:{process_start(ME)}", "heartbeat": 0.0})
    assert not owned({"owner": f"{HERE}:{ME}:1", "heartbeat": time.time()}), "another process has that number now"
    assert not owned({"owner": "", "heartbeat": time.time()})


@pytest.mark.parametrize("owner", [f"{HERE}:2\x15765:689455", f"{HERE}:\u0662:1", HERE, f"{HERE}:12", "elsewhere:1:2"])
def test_of_another_host_or_a_damaged_name_the_heartbeat_decides(owner: str) -> None:
    assert owned({"owner": owner, "heartbeat": time.time()})
    assert not owned({"owner": owner, "heartbeat": 0.0})
