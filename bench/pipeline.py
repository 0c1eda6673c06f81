"""What farm itself costs, with a model that answers at once and a program that does nothing.

python bench/pipeline.py [--samples 2000] [--ledger 200000] [--json FILE]

CPU per sample   user and system time of coordinator, workers, their slots and programs (one test each), of a run of
                 --samples less that of a run of a tenth, by the samples between: what starting costs is in neither
through Redis    commands, bytes in and bytes out between the same two runs; its own CPU stands apart
first request    from the start of `farm submit` to the first request at the model server, workers being there
resume           from the start of `farm resume` on a run of --ledger samples, nine tenths of them judged, to
                 the first job in Redis; memory is the coordinator's peak until a while after that
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.cluster.cluster import Cluster, running_cluster
from tests.support.experiments.big_ledger import cpu_of, resume_cost
from tests.support.farm_process import FarmProcess
from tests.support.sandbox import descendants

PROBLEM = "farm_seven"
ANSWER = "```python\nprint(7)\n```"


@dataclass(frozen=True)
class Cost:
    """What one run took."""

    samples: int
    wall_s: float
    coordinator_s: float  # CPU
    execute_s: float
    generate_s: float
    redis_s: float
    commands: int
    bytes_in: int
    bytes_out: int


def tree(process: FarmProcess) -> list[int]:
    return [process.process.pid, *descendants(process.process.pid)]


def submit(cluster: Cluster, run_id: str, samples: int) -> FarmProcess:
    return cluster.farm(
        "submit", "--model", "Llama-3.2-3B-Instruct", "--device", "n300", "--server-url", cluster.server.url,
        "--dataset", "sample", "--ids", PROBLEM, "--n", str(samples), "--judge", "judge", "--tests", "public",
        "--run-id", run_id, "--no-cache", secret=cluster.token,
    )  # fmt: skip


def run(cluster: Cluster, workers: dict[str, FarmProcess], samples: int) -> Cost:
    assert cluster.redis.process is not None
    info = cluster.redis.client().info
    redis, before = cluster.redis.process.pid, info("stats")
    spent = {name: cpu_of(tree(process)) for name, process in workers.items()}
    redis_s, own, began = cpu_of([redis]), resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    submit(cluster, f"bench-{samples}", samples).ok(3600)
    wall, after, children = time.monotonic() - began, info("stats"), resource.getrusage(resource.RUSAGE_CHILDREN)

    def moved(name: str) -> int:
        return int(after[name]) - int(before[name])

    return Cost(
        samples,
        wall,
        children.ru_utime + children.ru_stime - own.ru_utime - own.ru_stime,
        cpu_of(tree(workers["execute"])) - spent["execute"],
        cpu_of(tree(workers["generate"])) - spent["generate"],
        cpu_of([redis]) - redis_s,
        moved("total_commands_processed"),
        moved("total_net_input_bytes"),
        moved("total_net_output_bytes"),
    )


def first_request(cluster: Cluster) -> float:
    """Seconds from the start of `farm submit` to the first request for a sample."""
    arrived = threading.Event()

    def answer(prompt: str, seed: int) -> str:
        if seed:
            arrived.set()
        return ANSWER

    cluster.server.answer = answer
    began = time.monotonic()
    process = submit(cluster, f"first-{time.time_ns()}", 1)
    assert arrived.wait(300), "no request came"
    elapsed = time.monotonic() - began
    process.ok(300)
    return elapsed


def pipeline(folder: Path, samples: int, slots: int) -> dict[str, float]:
    """Cost per sample between a small and a large run."""
    folder.mkdir()
    with running_cluster(folder, (PROBLEM,)) as cluster:
        cluster.server.answer = lambda prompt, seed: ANSWER
        workers = {"execute": cluster.worker("execute", "x", slots), "generate": cluster.worker("generate", "g", 32)}
        run(cluster, workers, 20)  # imports, zygotes, connections
        small, large = run(cluster, workers, samples // 10), run(cluster, workers, samples)
        waits = sorted(first_request(cluster) for _ in range(3))
    more = large.samples - small.samples
    each = {
        "coordinator ms": 1000 * (large.coordinator_s - small.coordinator_s) / more,
        "execute worker ms": 1000 * (large.execute_s - small.execute_s) / more,
        "generate worker ms": 1000 * (large.generate_s - small.generate_s) / more,
    }
    return {
        "CPU ms per sample": sum(each.values()),
        **each,
        "Redis ms": 1000 * (large.redis_s - small.redis_s) / more,
        "samples per second": more / (large.wall_s - small.wall_s),
        "Redis commands per sample": (large.commands - small.commands) / more,
        "Redis bytes in per sample": (large.bytes_in - small.bytes_in) / more,
        "Redis bytes out per sample": (large.bytes_out - small.bytes_out) / more,
        "first request s": waits[1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--ledger", type=int, default=200_000)
    parser.add_argument("--slots", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", choices=["pipeline", "resume"])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} CPUs, "
          f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="farm-bench-") as name:
        if options.only != "resume":
            title = f"{options.samples} samples, {options.slots} slots"
            found[title] = pipeline(Path(name) / "pipeline", options.samples, options.slots)
            show(title, found[title])
        for samples in (options.ledger // 10, options.ledger) if options.only != "pipeline" else ():
            title = f"a run of {samples} samples"
            found[title] = resume_cost(Path(name) / f"resume-{samples}", samples)
            show(title, found[title])
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2))


def show(title: str, numbers: dict[str, float]) -> None:
    print(title)
    for name, value in numbers.items():
        print(f"  {name:28} {value:10.2f}")


if __name__ == "__main__":
    main()
