"""A run goes on only as what it was planned as (C6): the field or the file that differs is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from farm.datasets.store import BlobStore
from farm.errors import DigestMismatch, RunExists, SpecMismatch
from farm.ids import sha256_hex
from farm.ledger.ledger import Ledger
from farm.ledger.spec_differences import spec_differences
from farm.planning.resuming import check_resumable
from farm.protocols import get
from farm.records import DatasetRef, JudgeSpec, Limits, RunSpec, Sampling
from tests.unit.plans import SUITE_DIGEST, open_ledger, plan, result, spec, store

OFFICIAL = get("official")


def planned(**changes: Any) -> RunSpec:
    return spec(protocol=OFFICIAL.ident, protocol_digest=OFFICIAL.digest(), **changes)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path) as opened:
        yield opened


def test_what_is_as_planned_goes_on(ledger: Ledger, tmp_path: Path) -> None:
    plan(ledger, "run-1", planned())
    check_resumable(ledger, "run-1", store(tmp_path))


def test_another_definition_of_the_protocol_is_named(ledger: Ledger, tmp_path: Path) -> None:
    plan(ledger, "run-1", spec(protocol=OFFICIAL.ident, protocol_digest=sha256_hex(b"older")))
    with pytest.raises(SpecMismatch, match="protocol_digest: official@1 was") as caught:
        check_resumable(ledger, "run-1", store(tmp_path))
    assert caught.value.exit_code == 2 and "farm regrade" in str(caught.value)
    plan(ledger, "run-2", spec(protocol="official@99", protocol_digest=sha256_hex(b"newer")))
    with pytest.raises(SpecMismatch, match="official@99 is unknown here"):
        check_resumable(ledger, "run-2", store(tmp_path))


def test_tests_that_are_gone_are_named_while_a_sample_needs_them(ledger: Ledger, tmp_path: Path) -> None:
    keys = plan(ledger, "run-1", planned(), completed=2)
    empty = BlobStore(tmp_path / "elsewhere")
    with pytest.raises(DigestMismatch, match=f"p1 first.*{SUITE_DIGEST}"):
        check_resumable(ledger, "run-1", empty)
    ledger.acquire("run-1").record_results([result(key) for key in keys])
    check_resumable(ledger, "run-1", empty)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sampling": Sampling(n=1, temperature=0.8)}, "sampling.temperature: planned nothing, given 0.8"),
        ({"limits": Limits(cpu_s=2.0)}, "limits.cpu_s: planned 6.0, given 2.0"),
        ({"judge": JudgeSpec(stop="all")}, "judge.stop: planned first_failure, given all"),
        (
            {"dataset": DatasetRef(name="d", source="d.jsonl", digest=sha256_hex(b"other"), problems=1)},
            "dataset.digest: planned ",
        ),
    ],
)
def test_a_submit_under_the_same_name_is_told_what_differs(ledger: Ledger, changes: dict[str, Any], field: str) -> None:
    plan(ledger, "run-1", planned())
    with pytest.raises(SpecMismatch) as caught:
        plan(ledger, "run-1", planned(**changes))
    assert field in str(caught.value) and len(caught.value.fields) == 1
    assert ledger.run("run-1").spec == planned()


def test_where_the_model_was_served_is_no_difference(ledger: Ledger) -> None:
    assert spec_differences(planned(), planned(servers=("http://elsewhere",))) == []
    plan(ledger, "run-1", planned())
    with pytest.raises(RunExists, match="farm resume run-1"):
        plan(ledger, "run-1", planned(servers=("http://elsewhere",)))
