"""A scripted OpenAI-compatible model server: real HTTP, no model.

It answers like vLLM on a Tenstorrent device: bearer token compared byte for byte, slots, prefill and
decode times, streaming, `/health`, `/v1/models`, `/tokenize`, `/metrics`. Its answers are a function
of (prompt, seed), so a run gives the same score each time, and a script of faults says which request
goes wrong and how. It can hang (`freeze`), die and come back on its port (`crash`, `revive`), and notices a
client that goes away, as vLLM does. In a test:

    with ModelServer(answer=lambda prompt, seed: "...", faults=[Fault(status=503), None]) as server:
        Client(server.url)

As a process, for tests of whole commands: `python -m tests.support.model_server --port 0
--answers FILE.json`, which prints its URL; `GET /stats` there gives the counters.
"""

from __future__ import annotations

from tests.support.model_server.links import Link
from tests.support.model_server.script import Answer, Fault, FaultScript, Kind, Quota, fixed_answers
from tests.support.model_server.server import ModelServer

__all__ = ["Answer", "Fault", "FaultScript", "Kind", "Link", "ModelServer", "Quota", "fixed_answers"]
