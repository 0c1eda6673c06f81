"""`make demo`: a real small model on this machine, evaluated on the bundled sample set.

Starts llama.cpp's server with SmolLM2-135M-Instruct on the loopback address, behind an API key as a
TT inference server is, and calls the same `farm submit` as everybody.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

from farm.errors import FarmError
from farm.server.llamacpp import find_smollm2, start_llamacpp

MODEL = "SmolLM2-135M-Instruct"
SUBMIT = (
    "--model",
    MODEL,
    "--device",
    "cpu",
    "--dataset",
    "sample",
    "--n",
    "2",
    "--limit",
    "20",
    "--max-tokens",
    "192",
)


def main() -> int:
    """Run the demo; the exit code of `farm submit`."""
    model = find_smollm2()
    if model is None:
        print("the model is not installed; run: make demo", file=sys.stderr)
        return 2
    home = Path(".demo").absolute()
    key = secrets.token_hex(16)
    print(f"starting llama.cpp with {MODEL} ...", flush=True)
    cores = len(os.sched_getaffinity(0))
    with start_llamacpp(model, threads=max(1, cores - 1), api_key=key) as url:
        command = [sys.executable, "-P", "-m", "farm", "submit", *SUBMIT, "--server-url", url]
        print("VLLM_API_KEY=...", *command[3:], flush=True)
        environment = {**os.environ, "VLLM_API_KEY": key, "FARM_HOME": str(home)}
        environment.pop("FARM_BROKER_URL", None)  # the demo shows the embedded default
        farm = subprocess.Popen(command, env=environment)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for farm, which stops cleanly and says how to resume
        return farm.wait()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FarmError as exc:
        print(f"demo: {exc}", file=sys.stderr)
        sys.exit(exc.exit_code)
