"""What farm asks of Redis: its own CPU time, commands and bytes, per idle worker and per sample.

    python bench/redis_load.py [--workers 4] [--samples 300] [--idle 30]

One Redis has one core for commands, so CPU time is what it has to give: from the two costs follows how many workers
and how many samples a second one Redis carries (docs/operations.md). Prints the costs and that model.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.answers import ScriptedModel
from tests.support.cluster.site import Site, running_site
from tests.support.farm_process import report_of
from tests.support.model_server import ModelServer

PROBLEMS = ("farm_add", "farm_echo", "farm_reverse")
SCALES = ((50, 2), (200, 10), (1000, 40))  # execute workers, samples a second


@dataclass(frozen=True)
class Used:
    """What Redis has used since it started."""

    cpu_s: float
    commands: int
    bytes: int

    @classmethod
    def now(cls, site: Site) -> Used:
        info = site.redis.client().info()
        cpu = info["used_cpu_sys"] + info["used_cpu_user"]
        traffic = info["total_net_input_bytes"] + info["total_net_output_bytes"]
        return cls(cpu, info["total_commands_processed"], traffic)

    def since(self, before: Used) -> Used:
        return Used(self.cpu_s - before.cpu_s, self.commands - before.commands, self.bytes - before.bytes)


def memory_mib(pid: int) -> float:
    """Proportional memory of a process and all below it: what one more of them costs this host."""
    total = 0
    for process in (pid, *below(pid)):
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def below(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *below(child)]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--workers", type=int, default=4, help="execute workers")
    parser.add_argument("--samples", type=int, default=300)
    parser.add_argument("--idle", type=float, default=30.0, help="seconds to watch idle workers")
    given = parser.parse_args()
    print(f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} before")
    pause = threading.Event()
    model = ScriptedModel(PROBLEMS)
    with (
        tempfile.TemporaryDirectory() as place,
        running_site(Path(place)) as site,
        ModelServer(answer=model.answer, model="meta-llama/Llama-3.2-3B-Instruct") as server,
    ):
        pause.wait(5)
        before = Used.now(site)
        pause.wait(given.idle)
        alone = Used.now(site).since(before)
        names = [f"e{number}" for number in range(given.workers)]
        for name in names:
            site.farm("worker", "execute", "--name", name, "--slots", "1")
        site.joined(*names)
        pause.wait(5)
        before = Used.now(site)
        pause.wait(given.idle)
        memory = [memory_mib(process.process.pid) for process in site.processes]
        idle = Used.now(site).since(before)
        site.farm("worker", "generate", "--name", "g", "--slots", "32")
        site.joined("g")
        before = Used.now(site)
        n = max(1, given.samples // len(PROBLEMS))
        site.farm(
            "submit", "--model", "Llama-3.2-3B-Instruct", "--device", "n300", "--server-url", server.url, "--no-cache",
            "--dataset", "sample", "--ids", ",".join(PROBLEMS), "--n", str(n), "--out", f"{place}/out",
        ).wait(1800)  # fmt: skip
        run = Used.now(site).since(before)
        report = report_of(Path(place) / "out")
        assert report["status"] == "COMPLETE"
    per_worker = (idle.cpu_s - alone.cpu_s) / given.idle / given.workers
    samples = n * len(PROBLEMS)
    print(f"\nRedis alone           {1e3 * alone.cpu_s / given.idle:8.3f} ms CPU a second")
    print(
        f"an idle worker        {1e3 * per_worker:8.3f} ms CPU a second, "
        f"{(idle.commands - alone.commands) / given.idle / given.workers:.1f} commands a second"
    )
    print(
        f"a sample, all in all  {1e3 * run.cpu_s / samples:8.3f} ms CPU, {run.commands / samples:.0f} commands, "
        f"{run.bytes / samples / 1024:.1f} KiB, the run's own polling included ({samples} samples)"
    )
    print(
        f"an execute worker of one slot, idle: {sum(memory) / len(memory):.0f} MiB (mean of {len(memory)} on one host)"
    )
    print("\nthe model: core of Redis in use = workers x idle cost + samples a second x cost of a sample")
    for workers, rate in SCALES:
        share = workers * per_worker + rate * run.cpu_s / samples
        print(f"{workers:>5} workers, {rate:>3} samples/s: {100 * share:5.1f} % of a core")
    return 0


if __name__ == "__main__":
    sys.exit(main())
