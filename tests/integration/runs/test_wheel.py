"""A wheel of `make dist` in an empty environment: `farm` works there, without this checkout and without a network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.support.data import ROOT


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `farm` of an environment that has the wheel; what the wheel needs comes from that of the tests."""
    source, environment = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("environment")
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "README.md"):
        shutil.copy(ROOT / name, source)
    for name in ("farm", "scripts"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    make = ["make", "-C", str(source), "dist", f"VENV={sys.prefix}", "-o", f"{sys.prefix}/.installed"]
    subprocess.run(make, check=True, capture_output=True)
    [wheel] = (source / "dist").glob("farm_eval-*.whl")
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True)
    shutil.rmtree(source)
    [packages] = environment.glob("lib/python3*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")  # .pth files there are not read
    return environment / "bin" / "farm"


def test_it_grades(farm: Path, tmp_path: Path) -> None:
    answers = tmp_path / "answers.jsonl"
    answers.write_text(json.dumps({"question_id": "farm_square", "code": "print(int(input()) ** 2)"}) + "\n")
    home = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "FARM_HOME": str(tmp_path / "home")}
    command = [str(farm), "grade", "--dataset", "sample", "--completions", str(answers), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, env=home, cwd=tmp_path, timeout=120)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["verdicts"] == {"PASSED": 1} and str(ROOT) not in json.dumps(report)
