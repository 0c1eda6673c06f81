"""Each term of docs/glossary.md is there once, and what it names in the code exists."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tests.support.data import ROOT

GLOSSARY = ROOT / "docs" / "glossary.md"
ROWS = re.findall(r"(?m)^\| ([a-z][^|]*?) \| ([^|]+?) \| ([^|]+?) \|$", GLOSSARY.read_text(encoding="utf-8"))
TERMS = [row for row in ROWS if row[0] != "term"]


def test_each_term_is_defined_once_and_in_order_of_its_table() -> None:
    names = [term for term, _, _ in TERMS]
    assert len(names) == len(set(names)) > 50
    for wanted in ("sample", "attempt", "claim", "lease", "fence", "slot", "suite", "tier", "runtime", "protocol",
                   "judge mode", "verdict", "stage", "phase"):  # fmt: skip
        assert wanted in names


@pytest.mark.parametrize(("term", "where"), [(term, where) for term, _, where in TERMS], ids=[row[0] for row in TERMS])
def test_what_a_term_names_exists(term: str, where: str) -> None:
    names = re.findall(r"`(farm[\w.]*)`", where)
    pages = re.findall(r"\]\(([\w./-]+)\)", where)
    assert names or pages, term
    assert all((GLOSSARY.parent / page).is_file() for page in pages)
    for name in names:
        owner, _, attribute = name.rpartition(".")
        if attribute[0].isupper() or hasattr(importlib.import_module(owner), attribute):
            assert hasattr(importlib.import_module(owner), attribute), name
        else:
            importlib.import_module(name)


@pytest.mark.parametrize("page", ["index.md", "architecture.md", "reports.md", "serving.md", "sandbox.md"])
def test_pages_that_use_the_terms_link_the_glossary(page: str) -> None:
    assert "](glossary.md" in (GLOSSARY.parent / page).read_text(encoding="utf-8")


def test_readme_links_it() -> None:
    assert "](docs/glossary.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_verdicts_are_all_named() -> None:
    from farm.records import Verdict

    [text] = [text for term, text, _ in TERMS if term == "verdict"]
    assert {verdict.value for verdict in Verdict} <= set(re.findall(r"[A-Z_]{5,}", text))


def test_the_glossary_is_on_the_site() -> None:
    assert "glossary.md" in Path(ROOT / "mkdocs.yml").read_text(encoding="utf-8")
