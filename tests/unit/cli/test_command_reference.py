"""docs/commands.md is what the commands say of themselves, and the site's pages are there."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.support.data import ROOT

DOCS = ROOT / "docs"


def test_the_reference_has_not_drifted() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "command_reference.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_each_page_is_in_the_navigation_and_there() -> None:
    named = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text()))
    assert named == {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")}


def test_links_between_pages_lead_somewhere() -> None:
    for page in DOCS.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+\.md)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_commands_in_how_tos_exist() -> None:
    from farm.cli.main import COMMANDS

    for page in (DOCS / "tutorial.md", DOCS / "troubleshooting.md", *(DOCS / "howto").iterdir()):
        for name in re.findall(r"(?m)(?:^|`| - run: >\n\s+)farm ([a-z][a-z-]+)", page.read_text()):
            assert name in COMMANDS, f"{page.name}: farm {name}"
