"""What the test image runs in place of tt-inference-server's start script: the scripted model server.

Same arguments and variables: `--model`, `--tt-device`, `--service-port`, `--no-auth`, JWT_SECRET, VLLM_API_KEY;
what it does not know would go to vLLM. It has two more arguments: how long it loads, and that it dies.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading

from farm.inference.auth import tt_token
from tests.support.model_server import ModelServer, fixed_answers

SOLUTION = "```python\nprint(sum(map(int, input().split())))\n```"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--tt-device", required=True)
    parser.add_argument("--service-port", type=int, default=8000)
    parser.add_argument("--no-auth", action="store_true")
    parser.add_argument("--load-s", type=float, default=0.0)
    parser.add_argument("--die", metavar="WORDS")
    options, rest = parser.parse_known_args()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    print(f"loading {options.model} on {options.tt_device}, further arguments: {rest}", flush=True)
    ended.wait(options.load_s)
    if options.die:
        print(options.die, file=sys.stderr, flush=True)
        return 3
    secret = os.environ.get("JWT_SECRET")
    key = os.environ.get("VLLM_API_KEY") or (tt_token(secret) if secret else None)
    print(f"HF_TOKEN is {'set' if os.environ.get('HF_TOKEN') else 'not set'}; a careless line: {key}", flush=True)
    with ModelServer(
        answer=fixed_answers({"default": SOLUTION}),
        model=options.model,
        token=None if options.no_auth else key,
        host="0.0.0.0",
        port=options.service_port,
    ):
        print("serving", flush=True)
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
