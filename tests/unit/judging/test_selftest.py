"""The self-test passes on a tight sandbox, notices one that is not, and a refusal is one clear line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from farm.errors import ConfigError, SandboxUnavailable
from farm.judging.open import open_sandbox
from farm.judging.selftest import _attacks, _run, require_safe, self_test
from farm.sandbox import plan
from farm.sandbox.api import Sandbox


def test_every_tier_passes(sandbox: Sandbox) -> None:
    checks = self_test(sandbox)
    assert [check for check in checks if not check.ok] == []
    assert sum(check.name.startswith("honest") for check in checks) >= 3
    assert len(checks) >= 18


def test_a_sandbox_without_walls_is_noticed() -> None:
    """Tier none, and only those attacks that would do no harm if they succeeded."""
    harmless = {"sockets", "reading", "signals", "parent-death signal"}
    with open_sandbox(tier="none", preload=()) as sandbox:
        assert sandbox.info.tier == "none"
        checks = [_run(sandbox, attack) for attack in _attacks(Path(__file__)) if attack.name in harmless]
    assert {check.name for check in checks} == harmless
    assert not any(check.ok for check in checks)
    assert all("ALLOWED" in check.detail for check in checks)


def test_no_tier_none_by_the_back_door() -> None:
    with pytest.raises(ConfigError, match="tier none confines nothing"):
        require_safe("none")


def test_an_unknown_tier() -> None:
    with pytest.raises(ConfigError, match="use auto, ns, uid, landlock, none"):
        open_sandbox(tier="nsjail")


@pytest.mark.parametrize("python", ["/nonexistent/python", "/bin/true"])
def test_an_interpreter_that_does_not_start(python: str) -> None:
    with pytest.raises(SandboxUnavailable, match=python) as caught:
        require_safe(python=python, preload=())
    assert "\n" not in str(caught.value)
    assert str(caught.value).count("refusing") == 1


def test_a_package_that_is_not_installed() -> None:
    with pytest.raises(ConfigError, match="cannot preload no_such_package"):
        plan.make("landlock", sys.executable, ("no_such_package",))


def test_a_package_that_starts_threads_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "threaded_package").mkdir()
    (tmp_path / "threaded_package" / "__init__.py").write_text(
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(SandboxUnavailable, match="2 threads after the imports"):
        open_sandbox(preload=("threaded_package",))
