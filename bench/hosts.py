"""Throughput of several hosts compared with one: programs that sleep, on emulated hosts with one Redis between them.

    python bench/hosts.py [--hosts 8] [--slots 2] [--samples 4] [--seconds 1]

Each host is a network namespace with its own execute worker; all share this machine's cores, which sleeping
programs leave alone. Each host gets the same work in both passes, so the ideal is the same time. Prints it as
efficiency: time of one host over time of all. Needs root.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from farm.ledger import history
from farm.ledger.ledger import Ledger
from tests.support.cluster.site import running_site
from tests.support.experiments.sleepers import grade_words, write_sleepers
from tests.support.farm_process import report_of
from tests.support.network.namespaces import Network, emulated_hosts


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=8)
    parser.add_argument("--slots", type=int, default=2, help="of each host")
    parser.add_argument("--samples", type=int, default=4, help="of each slot")
    parser.add_argument("--seconds", type=float, default=1.0, help="that a program sleeps, in each test")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, load {load:.1f} before")
    with emulated_hosts(given.hosts) as network:
        times = {count: measure(network, count, given) for count in (1, given.hosts)}
    print(f"\n{'hosts':>6}{'slots':>7}{'samples':>9}{'seconds':>9}{'ideal':>8}{'samples/s':>11}")
    for count, (seconds, tests) in times.items():
        ideal = given.samples * given.seconds * tests
        samples = count * given.slots * given.samples
        print(f"{count:>6}{count * given.slots:>7}{samples:>9}{seconds:>9.1f}{ideal:>8.1f}{samples / seconds:>11.2f}")
    print(f"efficiency of {given.hosts} hosts: {times[1][0] / times[given.hosts][0]:.3f}")
    return 0


def measure(network: Network, count: int, given: argparse.Namespace) -> tuple[float, int]:
    """Seconds from the first program's start to the last verdict, all workers being there; and tests of a program."""
    with tempfile.TemporaryDirectory() as place, running_site(Path(place), network.address) as site:
        samples = count * given.slots * given.samples
        answers = write_sleepers(Path(place) / "answers.jsonl", samples, given.seconds)
        names = [f"h{number}" for number in range(count)]
        for name, host in zip(names, network.hosts, strict=False):
            site.farm("worker", "execute", "--name", name, "--slots", str(given.slots), prefix=host.prefix)
        site.joined(*names)
        out = Path(place) / "out"
        grade = site.farm(*grade_words(answers, out), "--run-id", "bench")
        grade.wait(3600)
        assert report_of(out)["status"] == "COMPLETE", grade.stderr[-2000:]
        with Ledger(f"sqlite:///{site.home / 'ledger.db'}") as ledger:
            results = list(history.results(ledger, "bench"))
        seconds = max(r.finished_at for r in results) - min(r.finished_at - r.wall_s for r in results)
        return seconds, results[0].tests_total


if __name__ == "__main__":
    sys.exit(main())
