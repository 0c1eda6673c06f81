"""W10: `farm doctor` says who else may change the code that workers run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from farm.doctor import code


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "farm"
    (folder / "tasks").mkdir(parents=True)
    for file in (folder / "__init__.py", folder / "tasks" / "execute.py"):
        file.write_text("")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def test_code_of_ones_own_is_fine(package: Path) -> None:
    assert code(package).level == "pass"


@pytest.mark.parametrize(("name", "mode"), [(".", 0o777), ("tasks", 0o757), ("tasks/execute.py", 0o646)])
def test_what_others_may_write_is_named(package: Path, name: str, mode: int) -> None:
    (package / name).chmod(mode)
    found = code(package)
    assert found.level == "caution" and found.what.endswith(str(package / name)) and "chmod" in found.remedy


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_belongs_to_others_is_named(package: Path) -> None:
    file = package / "tasks" / "execute.py"
    os.chown(file, 65534, -1)
    assert str(file) in code(package).what
    os.chown(file, 0, 65534)
    assert code(package).level == "pass", "the group may read only"
    file.chmod(0o664)
    assert str(file) in code(package).what
