"""Every test that a document names exists: a promise whose test is gone is none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.data import ROOT

DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
TESTS = sorted((ROOT / "tests").rglob("*.py"))
NAMED = re.compile(r"`((?:[\w/]+/)?\w+\.py)?::(\w+)`|`(tests/[\w/]+(?:\.py)?/?)`")


def named_in(text: str) -> list[tuple[str, str]]:
    """(file or folder, test) of each test that a text names; `::test` alone is in the file that was named before."""
    found, last = [], ""
    for file, test, place in NAMED.findall(text):
        last = file or place or last
        found.append((last, test))
    return found


def test_the_pattern_finds_what_documents_name() -> None:
    text = "| a | `tests/x/test_a.py::test_b`, `::test_c` | `tests/hostile/` | `test_d.py::test_e` |"
    assert named_in(text) == [
        ("tests/x/test_a.py", "test_b"), ("tests/x/test_a.py", "test_c"), ("tests/hostile/", ""),
        ("test_d.py", "test_e"),
    ]  # fmt: skip


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_named_test_exists(document: Path) -> None:
    absent = []
    for place, test in named_in(document.read_text(encoding="utf-8")):
        files = [path for path in TESTS if path.as_posix().endswith(f"/{place}")]
        if test:
            there = any(f"def {test}(" in path.read_text(encoding="utf-8") for path in files)
        else:
            there = (ROOT / place).exists()
        if not there:
            absent.append(f"{place}::{test}")
    assert absent == []
