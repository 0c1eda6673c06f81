"""W14: a run with hostile programs among honest ones. It has a score, the honest verdicts are those of a run without
them, and they cost neither their neighbours' time nor their worker's memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from farm.records import SampleResult
from tests.faults.sandbox.neighbours import HONEST, HOSTILE, MODES
from tests.support.embedded_home import Home, empty_home
from tests.support.experiments.scale import TIMEOUT_S, only_in_full
from tests.support.farm_process import farm_processes
from tests.support.sandbox import children, is_zygote

pytestmark = [pytest.mark.fault, pytest.mark.timeout(TIMEOUT_S), only_in_full]

SLOTS = 2
MOST_BYTES = 300 << 20  # of a pool process, which compares the answers
LEAST_SHARE = 0.8  # of the honest programs per second of slot time


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path) as home:
        yield home


@contextmanager
def peaks(home: Home) -> Iterator[dict[int, int]]:
    """Meanwhile: the most resident memory so far of each pool process, which is the parent of zygotes."""
    found: dict[int, int] = {}
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(0.1):
            for pid in farm_processes(home.path):
                if any(map(is_zygote, children(pid))):
                    found[pid] = max(found.get(pid, 0), _peak_bytes(pid))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


def _peak_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return int(status.partition("VmHWM:")[2].split()[0]) << 10


def honest_per_slot_second(results: list[SampleResult], attackers: frozenset[tuple[str, int]]) -> float:
    """Honest programs judged per second that slots had for them: all that the attacks did not use themselves."""
    honest = [r for r in results if (r.problem_id, r.index) not in attackers]
    begin = min(r.finished_at - r.wall_s for r in honest)
    end = max(r.finished_at for r in honest)
    taken = sum(
        max(0.0, min(end, r.finished_at) - max(begin, r.finished_at - r.wall_s))
        for r in results
        if (r.problem_id, r.index) in attackers
    )
    return len(honest) / (SLOTS * (end - begin) - taken)


@pytest.mark.parametrize("name", MODES)
def test_w14_hostile_programs_cost_honest_ones_nothing(name: str, home: Home, tmp_path: Path) -> None:
    mode = MODES[name]
    dataset = str(mode.dataset(tmp_path))
    verdicts: list[dict[tuple[str, int], str]] = []
    speeds: list[float] = []
    for run_id, hostile in (("alone", False), ("among", True)):
        completions, attackers = mode.completions(tmp_path / f"{run_id}.jsonl", hostile=hostile)
        words = () if name == "asserts" else ("--judge", name)
        running = home.grade(
            run_id, completions, *words, "--no-cache", "--workers", str(SLOTS), "--cpu-limit", "2", dataset=dataset
        )
        with peaks(home) as found:
            running.ok(TIMEOUT_S)
        report, results = home.report(run_id), home.results(run_id)
        assert report["status"] == "COMPLETE"
        assert len(results) == HONEST + (HOSTILE if hostile else 0)
        by_name = {(r.problem_id, r.index): str(r.verdict) for r in results}
        verdicts.append({key: verdict for key, verdict in by_name.items() if key not in attackers})
        speeds.append(honest_per_slot_second(results, attackers))
        attacks = sorted(
            f"{r.problem_id}#{r.index} {r.verdict} {r.wall_s:.1f} s"
            for r in results
            if (r.problem_id, r.index) in attackers
        )
        print(
            f"{name}, {run_id}: {speeds[-1]:.2f} honest programs a slot second;",
            "peaks in MiB:",
            *(peak >> 20 for peak in found.values()),
        )
        print("\n".join(attacks))
        assert found
        assert max(found.values()) < MOST_BYTES
    assert verdicts[0] == verdicts[1]
    assert len(verdicts[0]) == HONEST
    assert speeds[1] >= LEAST_SHARE * speeds[0]
