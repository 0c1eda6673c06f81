"""A ledger with as many samples as wanted, most of them judged, made in bulk: for measuring what its size costs."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from farm.datasets.store import BlobStore
from farm.ids import sha256_hex
from farm.ledger.journal import completion_row
from farm.ledger.ledger import Ledger, PlannedProblem
from farm.protocols import get
from farm.records import (
    CaseResult,
    Completion,
    DatasetRef,
    GenerateTelemetry,
    JudgeSpec,
    Limits,
    RunSpec,
    SampleKey,
    SampleResult,
    Sampling,
    StoredCompletion,
    Suite,
    TestCase,
    Verdict,
)
from tests.support.cluster.cluster import running_cluster
from tests.support.wait import wait_until

SETTLE_S = 5.0
PER_PROBLEM = 100
SUITE = Suite(func_name=None, tests=(TestCase(input="", output="7"),))
SOURCE = b"print(7)\n" + b"# as long as a usual answer " * 20
MARK = 987654321  # stands for a sample's index in the template of a record


def make(home: Path, run_id: str, samples: int, judged: float) -> None:
    """Plan a run of kind grade in the ledger of `home`, with a completion each and a verdict on a share of them."""
    protocol = get("official")
    suite = BlobStore(home / "blobs").put(SUITE.to_json())
    count = samples // PER_PROBLEM
    problems = [PlannedProblem(f"p{i}", f"P {i}", "bench", "easy", "2024-01-01", None, suite, 1) for i in range(count)]
    keys = [SampleKey(problem.problem_id, index) for problem in problems for index in range(PER_PROBLEM)]
    spec = RunSpec(
        kind="grade", eval_task="grade", model=None, protocol=protocol.ident, protocol_digest=protocol.digest(),
        judge=JudgeSpec(), sampling=Sampling(n=PER_PROBLEM), limits=Limits(), ks=(1,), cache=False,
        dataset=DatasetRef(name="bench", source="bench", digest=sha256_hex(b"bench"), problems=count),
    )  # fmt: skip
    with Ledger(f"sqlite:///{home / 'ledger.db'}") as ledger:
        ledger.create_run(run_id, spec, problems, keys)
    with sqlite3.connect(home / "ledger.db") as db:
        db.execute("PRAGMA synchronous=OFF")
        _completions(db, run_id, keys)
        _results(db, run_id, keys[: int(len(keys) * judged)], suite)
    db.close()


def _completions(db: sqlite3.Connection, run_id: str, keys: list[SampleKey]) -> None:
    record = Completion(problem_id="PROBLEM", index=MARK, form="program", text_sha256=sha256_hex(SOURCE))
    row = completion_row(StoredCompletion(record, GenerateTelemetry(), SOURCE))
    template, telemetry, text = row["record"], row["telemetry"], row["text"]

    def rows() -> Iterator[tuple[str | int | bytes | None, ...]]:
        for key in keys:
            filled = _filled(template, key)
            yield run_id, key.problem_id, key.index, filled, sha256_hex(filled.encode()), telemetry, text

    columns = "run_id, problem_id, idx, record, record_digest, telemetry, text"
    db.executemany(f"INSERT INTO completions ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows())


def _results(db: sqlite3.Connection, run_id: str, keys: list[SampleKey], suite: str) -> None:
    result = SampleResult(
        problem_id="PROBLEM", index=MARK, verdict=Verdict.PASSED, program_sha256=sha256_hex(SOURCE), suite_sha256=suite,
        judge=JudgeSpec(), limits=Limits(), tests_total=1, cases=(CaseResult(index=0, verdict=Verdict.PASSED),),
        sandbox="landlock", runtime="cpython-3.11.7 harness-1", worker="bench",
    )  # fmt: skip
    template, outcome = result.to_json().decode(), result.outcome_digest()

    def rows() -> Iterator[tuple[str | int | bytes | None, ...]]:
        for key in keys:
            filled = _filled(template, key)
            yield run_id, key.problem_id, key.index, "PASSED", filled, sha256_hex(filled.encode()), outcome

    db.executemany("INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?)", rows())


def _filled(template: str, key: SampleKey) -> str:
    return template.replace("PROBLEM", key.problem_id).replace(str(MARK), str(key.index))


def cpu_of(pids: Iterable[int]) -> float:
    """User and system time of processes and of their children that were reaped, in seconds."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(field) for field in fields[11:15])
    return total / os.sysconf("SC_CLK_TCK")


def resume_cost(folder: Path, samples: int) -> dict[str, float]:
    """Time and memory to go on with a run of that size; no worker is there, so only the coordinator works."""
    folder.mkdir()
    with running_cluster(folder, ("farm_seven",)) as cluster:
        make(cluster.home, "big", samples, judged=0.9)
        client, began = cluster.redis.client(), time.monotonic()
        process = cluster.farm("resume", "big")
        wait_until(lambda: not process.running or client.llen("farm:execute"), "the first job is sent", timeout_s=600)
        assert process.running, process.stderr
        elapsed, pid = time.monotonic() - began, process.process.pid
        settled = time.monotonic() + SETTLE_S
        wait_until(lambda: time.monotonic() > settled, "it has settled", timeout_s=60)
        cpu, status = cpu_of([pid]), Path(f"/proc/{pid}/status").read_text()
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        process.kill()
    return {"resume s": elapsed, "coordinator CPU s": cpu, "coordinator peak MB": peak / 1024}
