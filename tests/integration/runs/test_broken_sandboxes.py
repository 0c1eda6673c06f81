"""A program under which each sandbox breaks takes no score from its run; a host on which all break gives no verdict.

Nothing that a program does is known to end its zygote, so these tests kill it, each time that it runs such a program.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from farm.records import Verdict
from tests.support.embedded_home import Home, empty_home, write_rows
from tests.support.farm_process import FarmProcess
from tests.support.sandbox import children, descendants, is_zygote

pytestmark = pytest.mark.timeout(240)

MARK_BYTES = 150 << 20  # what uses more is what the killer looks for
BREAKER = f"import time\nblock = bytearray({MARK_BYTES + (50 << 20)})\ntime.sleep(600)"
SQUARE = "print(int(input()) ** 2)"
SLOW_SQUARE = f"import time\nblock = bytearray({MARK_BYTES + (50 << 20)})\ntime.sleep(2)\n{SQUARE}"
WRONG = "print(-1)"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path) as home:
        yield home


@contextmanager
def killer(process: FarmProcess) -> Iterator[list[int]]:
    """Meanwhile each zygote below `process` dies while its program uses more than MARK_BYTES; gives who died."""
    killed: list[int] = []
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(0.05):
            for pid in descendants(process.process.pid):
                if is_zygote(pid) and any(resident_bytes(child) > MARK_BYTES for child in children(pid)):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                        killed.append(pid)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield killed
    finally:
        stop.set()
        thread.join()


def resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def rows(*programs: str) -> list[dict[str, object]]:
    return [{"question_id": "farm_square", "code": code} for code in programs]


def test_what_breaks_its_sandbox_each_time_has_failed(home: Home, tmp_path: Path) -> None:
    completions = write_rows(tmp_path / "c.jsonl", rows(BREAKER, SQUARE, WRONG, SQUARE + "#"))
    done = home.grade("run-1", completions, "--workers", "2")
    with killer(done) as killed:
        done.ok()
    assert len(set(killed)) == 9, "three sandboxes in each of three attempts"
    breaker, *others = home.results("run-1")
    assert [result.verdict for result in others] == [Verdict.PASSED, Verdict.WRONG_ANSWER, Verdict.PASSED]
    assert (breaker.verdict, breaker.passed, breaker.official) == (Verdict.SANDBOX_BROKEN, False, True)
    assert breaker.program_sha256 and "attempt 3 of 3" in breaker.detail

    report = home.report("run-1")
    assert (report["status"], report["verdicts"]["SANDBOX_BROKEN"]) == ("COMPLETE", 1)
    assert report["pass_at_k"][0]["exact"] == "1/2"
    assert report["broke_sandbox"] == [{"sample": "farm_square#0", "program_sha256": breaker.program_sha256}]
    caution = "1 of 4 samples count as failed because their program broke the sandbox"
    for shown in (done.stdout, *((home.out("run-1") / name).read_text() for name in ("report.md", "report.html"))):
        assert caution in shown and breaker.program_sha256[:12] in shown
    rows_written = map(json.loads, (home.out("run-1") / "samples.jsonl").read_text().splitlines())
    assert next(row["verdict"] for row in rows_written) == "SANDBOX_BROKEN"
    inspected = home.farm("inspect", "run-1", "--verdict", "SANDBOX_BROKEN").ok()
    assert "farm_square" in inspected.stdout
    assert "time.sleep(600)" in home.farm("inspect", "run-1", "farm_square#0").ok().stdout
    for form in ("livecodebench", "inspect", "csv"):
        home.farm("export", "run-1", "--format", form, "--out", str(tmp_path / form)).ok()

    again = home.regrade("run-1", "run-2", "--cpu-limit", "1", "--judge", "judge")
    again.ok()
    assert home.results("run-2")[0].verdict is Verdict.TIME_LIMIT, "where nothing breaks, it is judged for what it does"


def test_a_host_on_which_every_sandbox_breaks_gives_no_verdict(home: Home, tmp_path: Path) -> None:
    completions = write_rows(tmp_path / "c.jsonl", rows(SLOW_SQUARE, SLOW_SQUARE + "#"))
    ill = home.grade("run-1", completions, "--workers", "2")
    with killer(ill) as killed:
        assert ill.wait() == 3, ill.stderr
    assert len(set(killed)) == 18 and home.results("run-1") == []
    report = home.report("run-1")
    assert (report["status"], report["coverage"]["unjudged"]) == ("INCOMPLETE", 2)
    assert all("has judged no other sample" in reason for reason in report["coverage"]["unjudged_reasons"])

    home.farm("resume", "run-1").ok()
    assert [result.verdict for result in home.results("run-1")] == [Verdict.PASSED] * 2
