"""The server as a process: `python -m tests.support.model_server --port 0 --answers FILE.json`."""

from __future__ import annotations

import argparse
import json
import signal
import threading
from pathlib import Path

from tests.support.model_server.script import Fault, fixed_answers, seeded_answer
from tests.support.model_server.server import ModelServer


def main() -> None:
    parser = argparse.ArgumentParser(description="A scripted OpenAI-compatible model server.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--model", default="test/model")
    parser.add_argument("--answers", type=Path, help="JSON: marker in the prompt -> completion, or a list of them")
    parser.add_argument("--faults", type=Path, help="JSON: a list of faults or nulls, one per request")
    parser.add_argument("--token")
    parser.add_argument("--jwt-secret")
    parser.add_argument("--slots", type=int)
    parser.add_argument("--prefill-s", type=float, default=0.0)
    parser.add_argument("--decode-s", type=float, default=0.0)
    parser.add_argument("--max-context", type=int, default=32768)
    parser.add_argument("--any-model", action="store_true", help="serve any model name, as llama.cpp does")
    options = parser.parse_args()
    faults = [row and Fault(**row) for row in json.loads(options.faults.read_text())] if options.faults else []
    server = ModelServer(
        answer=fixed_answers(json.loads(options.answers.read_text())) if options.answers else seeded_answer,
        model=options.model, token=options.token, jwt_secret=options.jwt_secret, faults=faults, slots=options.slots,
        prefill_s=options.prefill_s, decode_s=options.decode_s, max_context=options.max_context,
        check_model=not options.any_model, host=options.host, port=options.port,
    )  # fmt: skip
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with server:
        print(server.url, flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
