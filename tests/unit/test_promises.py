"""Every test that a document names exists: a promise whose test is gone is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.data import ROOT
from tests.support.promises import named_in

DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def test_the_pattern_finds_what_documents_name() -> None:
    text = "| a | `tests/x/test_a.py::test_b`, `::test_c` | `tests/hostile/` | `test_d.py::test_e` | `test_f.py` |"
    assert named_in(text) == [
        ("tests/x/test_a.py", "test_b"), ("tests/x/test_a.py", "test_c"), ("tests/hostile/", ""),
        ("test_d.py", "test_e"), ("test_f.py", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_named_test_exists(document: Path) -> None:
    absent = []
    for place, test in named_in(document.read_text(encoding="utf-8")):
        files = [path for path in TESTS if path.as_posix().endswith(f"/{place}")]
        there = any(f"def {test}(" in path.read_text(encoding="utf-8") for path in files) if test else bool(files)
        if not there and not (test == "" and (ROOT / place).exists()):
            absent.append(f"{place}::{test}")
    assert absent == []
