"""Checks before a resume: same spec, same plan, all test suites still stored.

A score belongs to its spec. So nothing of it may have changed since the plan: neither the protocol's
definition in this version of farm nor the tests in the store.
"""

from __future__ import annotations

from farm import protocols
from farm.benchmarks.registry import HARBOR
from farm.datasets.store import BlobStore
from farm.errors import ConfigError, DigestMismatch, SpecMismatch
from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.ledger.plan_digest import check_plan


def check_resumable(ledger: Ledger, run_id: str, store: BlobStore) -> None:
    """Raise SpecMismatch, naming the field, DigestMismatch, naming the file, or LedgerCorrupt, naming the place,
    unless the run can go on.

    The content of a suite is checked when it is read, not here: those of a benchmark weigh gigabytes.
    """
    ledger.check()
    spec = ledger.run(run_id).spec
    with ledger.read() as db:
        check_plan(db, run_id)
    if spec.protocol == HARBOR.ident:
        raise ConfigError(
            f"run {run_id} has the verdicts of harbor: farm cannot judge its trials",
            remedy="let harbor try what failed again (harbor job resume), then: farm import",
        )
    try:
        digest = protocols.get(spec.protocol).digest()
    except ConfigError as exc:
        raise SpecMismatch(run_id, [f"protocol {spec.protocol} is unknown here"], remedy=_OTHER_VERSION) from exc
    if digest != spec.protocol_digest:
        field = f"protocol_digest: {spec.protocol} was {spec.protocol_digest[:12]}, is {digest[:12]}"
        raise SpecMismatch(run_id, [field], remedy=_OTHER_VERSION)
    unfinished = history.unfinished_problems(ledger, run_id)
    rows = (row for row in history.problems(ledger, run_id) if row.problem_id in unfinished)
    gone = [row for row in rows if row.suite_digest not in store]
    if gone:
        raise DigestMismatch(
            f"run {run_id}: the stored tests of {len(gone)} problem(s) are gone, of {gone[0].problem_id} first "
            f"(blob {gone[0].suite_digest})",
            remedy="bring back the folder blobs of the FARM_HOME that planned it",
        )


_OTHER_VERSION = (
    "resume it with the farm version, and the benchmark's package, that planned it, or judge its completions again: "
    "farm regrade"
)
