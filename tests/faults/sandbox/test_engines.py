"""D6 and D7: the container engine under a run restarts, dies with all that ran on the host, loses its image."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.benchmarks.sample import sample_path, sample_solutions
from farm.datasets.reader import read_problems
from tests.support.containers.docker_engine import IMAGE
from tests.support.containers.own_engine import OwnEngine, own_engine
from tests.support.experiments.scale import TIMEOUT_S, only_in_full
from tests.support.farm_process import FarmProcess, environment, farm_processes, report_of, samples_of
from tests.support.wait import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.fault, pytest.mark.timeout(TIMEOUT_S), only_in_full]
BURN = "import time\nwhile time.process_time() < 0.3: pass\n"


@pytest.fixture
def engine() -> Iterator[OwnEngine]:
    with own_engine(IMAGE) as running:
        yield running


class Run:
    """`farm grade` of the bundled solutions in containers of `engine`, and what must come out."""

    def __init__(self, folder: Path, engine: OwnEngine) -> None:
        self.home, self.out, self._count = folder / "home", folder / "out", 0
        self._environment = environment(self.home, DOCKER_HOST=engine.host)
        self.wanted: dict[tuple[str, int], str] = {}
        rows = []
        for problem in read_problems(sample_path()):
            for solution in sample_solutions(problem.problem_id)[:2]:
                if "TIME" in solution.verdict.value or "MEMORY" in solution.verdict.value:
                    continue  # they would take most of the time, and show the same
                index = sum(name == problem.problem_id for name, _ in self.wanted)
                self.wanted[problem.problem_id, index] = solution.verdict.value
                row = {"question_id": problem.problem_id, "index": index, "code": BURN + solution.source}
                rows.append(json.dumps(row))
        self.completions = folder / "completions.jsonl"
        self.completions.write_text("\n".join(rows))

    def farm(self, *arguments: str) -> FarmProcess:
        self._count += 1
        log = self.home.parent / f"{self._count}.log"
        return FarmProcess(*arguments, "--out", str(self.out), env=self._environment, log=log)

    def grade(self, run_id: str = "run-1") -> FarmProcess:
        return self.farm(
            "grade", "--dataset", "sample", "--completions", str(self.completions), "--judge", "judge", "--no-cache",
            "--run-id", run_id, "--sandbox", "docker", "--workers", "2",
        )  # fmt: skip

    def in_peace(self) -> str:
        """The score digest of a run that nothing disturbs."""
        self.grade("in-peace").ok(TIMEOUT_S)
        return str(report_of(self.out)["score_digest"])

    def resume(self) -> FarmProcess:
        return self.farm("resume", "run-1", "--sandbox", "docker")

    def judged(self) -> int:
        """How many are judged, as the running command shows."""
        log = self.home.parent / f"{self._count}.log"
        words = log.read_text().replace("/", " ").split()
        return max((int(words[i + 1]) for i, word in enumerate(words[:-1]) if word == "judged"), default=0)

    def check(self, digest: str | None = None) -> None:
        """Each sample has the verdict that it must have; the digest is that of a run `in_peace`, where it is given."""
        report = report_of(self.out)
        assert report["status"] == "COMPLETE"
        assert digest in (None, report["score_digest"])
        assert {(row["problem_id"], row["index"]): row["verdict"] for row in samples_of(self.out)} == self.wanted
        wait_until(lambda: not farm_processes(self.home), "no process is left")


def test_d7_the_engine_restarts_in_mid_run(engine: OwnEngine, tmp_path: Path) -> None:
    """Its containers end with it. What that cost is no verdict: the run goes on, or pauses and is resumed."""
    run = Run(tmp_path, engine)
    grading = run.grade()
    wait_until(lambda: run.judged() > 0, "something is judged")
    engine.stop()
    assert run.judged() < len(run.wanted), "there was nothing left to disturb"
    engine.start()
    if (code := grading.wait(TIMEOUT_S)) != 0:
        assert code == 3, grading.stderr[-3000:]
        run.resume().ok(TIMEOUT_S)
    run.check()


def test_d7_the_engine_stays_away(engine: OwnEngine, tmp_path: Path) -> None:
    """The run pauses and says so. Nothing was judged without its engine; with it, the rest is."""
    run = Run(tmp_path, engine)
    digest = run.in_peace()
    grading = run.grade()
    wait_until(lambda: run.judged() > 0, "something is judged")
    engine.stop()
    assert grading.wait(TIMEOUT_S) == 3, grading.stderr[-3000:]
    assert "farm resume run-1" in grading.stderr
    judged = run.judged()
    assert judged < len(run.wanted), "there was nothing left to disturb"
    engine.start()
    run.resume().ok(TIMEOUT_S)
    run.check(digest)


def test_d7_the_image_is_gone(engine: OwnEngine, tmp_path: Path) -> None:
    """No registry has it either. Nothing is judged, the image is named, and with it back the run is done."""
    run = Run(tmp_path, engine)
    engine.docker("rmi", "--force", IMAGE)
    grading = run.grade()
    assert grading.wait(TIMEOUT_S) != 0
    assert f"no image {IMAGE}" in grading.stderr
    assert not (run.out / "report.json").exists()
    engine.load(IMAGE)
    run.resume().ok(TIMEOUT_S)
    run.check()


def test_d6_the_host_goes_down(engine: OwnEngine, tmp_path: Path) -> None:
    """Everything is killed, one within milliseconds of the other: the command, broker, workers, engine, containers."""
    run = Run(tmp_path, engine)
    digest = run.in_peace()
    grading = run.grade()
    wait_until(lambda: run.judged() > 0, "something is judged")
    for pid in farm_processes(run.home):
        os.kill(pid, signal.SIGKILL)
    engine.crash()
    assert grading.wait() == -signal.SIGKILL
    wait_until(lambda: not farm_processes(run.home), "all is dead")
    engine.start()
    run.resume().ok(TIMEOUT_S)
    run.check(digest)
    left = engine.docker("ps", "--all", "--quiet").stdout.split()
    assert left == [], "containers of before"
