"""How programs are confined, as the options say it and as the system allows it."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from farm.cli.options.confinement import confinement
from farm.sandbox.confinement import DEFAULT_IMAGE


def options(**given: str | None) -> dict[str, Any]:
    return {"image": DEFAULT_IMAGE, "runtime": None, "tier": "auto", "python": None, **given}


def test_linux_confines_programs_itself(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert confinement(**options()).tier == "auto"
    assert capsys.readouterr() == ("", "")


def test_another_system_takes_containers_and_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert confinement(**options()).words()[:2] == ["--sandbox", "docker"], "the workers need not guess again"
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and DEFAULT_IMAGE in said and "--image farm-execute" in said
    assert confinement(**options(image="farm-execute")).container.image == "farm-execute"
    assert "--image" not in capsys.readouterr().err
    assert confinement(**options(tier="none")).tier == "none"
    assert capsys.readouterr().err == ""
