"""Suites in the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.errors import RunExists
from farm.ledger.ledger import Ledger
from farm.ledger.suites import create_suite, find_suite, refuse_taken
from farm.records.suites import SuiteSpec, SuiteTask


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    spec = SuiteSpec(model="m", device="n150", mode="full", tasks=(SuiteTask(task="t", not_run="no reason"),))
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        refuse_taken(ledger, "all")
        create_suite(ledger, "all", spec)
        assert find_suite(ledger, "all") == spec
        with pytest.raises(RunExists, match="suite all exists already"):
            refuse_taken(ledger, "all")
        with pytest.raises(RunExists, match="suite all exists already"):
            create_suite(ledger, "all", spec)
