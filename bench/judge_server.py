"""Verdicts over HTTP: `farm judge-server` and a running SandboxFusion, on the same programs and inputs.

    python bench/judge_server.py --sandbox-fusion URL [--seconds 20] [--connections 2 8 32] [--json FILE]

SandboxFusion is started by hand, from its repository, with isolation `none`; farm's server is started here, confined,
with a slot per core. Both get `POST /run_code` with the programs of the sample data that pass, each on the first test
of its problem, in the same order, over kept-alive connections. A program counts if its output is the expected one.

    programs/s   of right answers, over the seconds of a measurement
    p50, p99     milliseconds of a trivial program (`print(1)`), measured apart, at the same number of connections
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from farm.datasets.reader import read_problems

ROOT = Path(__file__).resolve().parents[1]
PROBLEMS, PROGRAMS = "lcb_sample_problems.jsonl", "lcb_sample_graded_codes.jsonl"
Asked = tuple[str, str, str]  # program, input, expected output
TRIVIAL: Asked = ("print(1)", "", "1\n")


def passing(data: Path) -> list[Asked]:
    """Recorded programs that pass, on the first test of their problem; those that read standard input."""
    problems = {problem.problem_id: problem for problem in read_problems([data / PROBLEMS])}
    found = []
    for row in map(json.loads, (data / PROGRAMS).read_text().splitlines()):
        problem = problems[row["question_id"]]
        if row["official_graded"] and not problem.functional:
            found.append((row["code"], problem.tests[0].input, problem.tests[0].output))
    return found


@contextmanager
def farm_server() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-P", "-m", "farm", "judge-server", "--listen", "127.0.0.1:0"]
        env = {**os.environ, "FARM_HOME": home, "PYTHONPATH": str(ROOT)}
        env.pop("FARM_JUDGE_TOKEN", None)
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
            process.terminate()


def ask(session: requests.Session, url: str, asked: Asked) -> bool:
    program, given, wanted = asked
    body = {"code": program, "language": "python", "stdin": given, "run_timeout": 30}
    answer = session.post(f"{url}/run_code", json=body, timeout=120)
    if answer.status_code != 200:
        return False
    result = answer.json()["run_result"] or {}
    return (result.get("stdout") or "").split() == wanted.split()


def measured(url: str, programs: list[Asked], connections: int, seconds: float) -> tuple[int, int, list[float]]:
    """Right answers, other answers, and milliseconds of each."""
    places, lock = itertools.count(), threading.Lock()
    until = time.perf_counter() + seconds
    right, other, took = [0], [0], list[float]()

    def client() -> None:
        with requests.Session() as session:
            while time.perf_counter() < until:
                asked = programs[next(places) % len(programs)]
                began = time.perf_counter()
                good = ask(session, url, asked)
                with lock:
                    took.append((time.perf_counter() - began) * 1000)
                    (right if good else other)[0] += 1

    clients = [threading.Thread(target=client) for _ in range(connections)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    return right[0], other[0], took


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sandbox-fusion", metavar="URL", required=True, help="a running SandboxFusion")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="the sample data")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    parser.add_argument("--connections", type=int, nargs="+", default=[2, 8, 32])
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers here")
    given = parser.parse_args()
    programs = passing(given.data)
    load = os.getloadavg()[0]
    print(
        f"{os.cpu_count()} cores, load {load:.1f}, {platform.system()} {platform.release()}; {len(programs)} programs"
    )
    print(f"{'':16}{'connections':>12}{'programs/s':>12}{'x':>7}{'other':>7}{'p50 ms':>9}{'p99 ms':>9}", flush=True)
    rows = []
    with farm_server() as farm:
        for connections in given.connections:
            best = 0.0
            for name, url in ("SandboxFusion", given.sandbox_fusion.rstrip("/")), ("farm", farm):
                began = time.perf_counter()
                right, other, _ = measured(url, programs, connections, given.seconds)
                rate = right / (time.perf_counter() - began)
                _, _, took = measured(url, [TRIVIAL], connections, given.seconds / 2)
                centiles = statistics.quantiles(took, n=100) if len(took) > 1 else took * 99
                best = best or rate
                print(
                    f"{name:16}{connections:12}{rate:12.1f}{rate / best if best else float('nan'):7.1f}{other:7}"
                    f"{centiles[49]:9.1f}{centiles[98]:9.1f}",
                    flush=True,
                )
                rows.append(
                    {
                        "server": name,
                        "connections": connections,
                        "per_s": rate,
                        "other": other,
                        "p50_ms": centiles[49],
                        "p99_ms": centiles[98],
                    }
                )
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
