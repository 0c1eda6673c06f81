"""Small plans and records for tests of the coordinator, on a real SQLite ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from farm.datasets.store import BlobStore
from farm.ids import sha256_hex
from farm.ledger.ledger import Ledger, PlannedProblem
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
    ServedModel,
    StoredCompletion,
    Suite,
    TestCase,
    Verdict,
)
from farm.text import encode

PROGRAM = sha256_hex(b"print(1)")
SUITE = Suite(func_name=None, tests=(TestCase(input="", output="1"),))
SUITE_DIGEST = sha256_hex(SUITE.to_json())


def spec(kind: str = "grade", n: int = 1, **changes: Any) -> RunSpec:
    served = ServedModel(name="m", repo="org/m", device="n300") if kind == "evaluate" else None
    values: dict[str, Any] = {
        "kind": kind, "eval_task": "livecodebench", "model": served, "protocol": "official@1",
        "protocol_digest": sha256_hex(b"p"), "judge": JudgeSpec(), "sampling": Sampling(n=n), "limits": Limits(),
        "ks": (1,), "dataset": DatasetRef(name="d", source="d.jsonl", digest=sha256_hex(b"d"), problems=1),
    }  # fmt: skip
    return RunSpec(**{**values, **changes})


def entry(key: SampleKey, text: str = "```python\nprint(1)\n```") -> StoredCompletion:
    data = encode(text)
    record = Completion(problem_id=key.problem_id, index=key.index, text_sha256=sha256_hex(data))
    return StoredCompletion(record, GenerateTelemetry(), data)


def result(key: SampleKey, verdict: Verdict = Verdict.PASSED, **changes: Any) -> SampleResult:
    values: dict[str, Any] = {
        "problem_id": key.problem_id, "index": key.index, "verdict": verdict, "program_sha256": PROGRAM,
        "suite_sha256": SUITE_DIGEST, "judge": JudgeSpec(), "limits": Limits(), "tests_total": 1,
        "cases": (CaseResult(index=0, verdict=verdict),), "first_failure": None if verdict is Verdict.PASSED else 0,
        "sandbox": "landlock", "runtime": "cpython-3.11.7 harness-1", "worker": "w1",
    }  # fmt: skip
    return SampleResult(**{**values, **changes})


def plan(ledger: Ledger, run_id: str, run_spec: RunSpec, samples: int = 2, completed: int = 0) -> list[SampleKey]:
    """A run on one problem; the first `completed` of its samples have completions."""
    keys = [SampleKey("p1", index) for index in range(samples)]
    problem = PlannedProblem("p1", "One", "atcoder", "easy", "2024-01-01", None, SUITE_DIGEST, 1)
    ledger.create_run(run_id, run_spec, [problem], keys, [entry(key) for key in keys[:completed]])
    return keys


def open_ledger(tmp_path: Path) -> Ledger:
    return Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")


def store(tmp_path: Path) -> BlobStore:
    """A blob store that holds the suite of `plan`."""
    found = BlobStore(tmp_path / "blobs")
    found.put(SUITE.to_json())
    return found
