"""A wheel of `make dist` in an empty environment: `farm` works there, without this checkout and without a network."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.support.data import ROOT
from tests.support.model_server import ModelServer


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


def commands_of_the_readme() -> list[list[str]]:
    """What the section "The first hour" says to type, for the first of its blocks."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## The first hour")[2]
    lines = section.split("```")[1].strip().splitlines()
    return [shlex.split(line.partition("#")[0]) for line in lines]


def test_the_first_hour_of_the_readme(farm: Path, tmp_path: Path) -> None:
    """A model that no catalogue knows, two builds, a comparison, a gate, the report: each with one command."""
    home = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "FARM_HOME": str(tmp_path / "home")}
    with ModelServer(model="acme-ft", answer=lambda prompt, seed: "```python\nprint(25)\n```") as server:
        for command in commands_of_the_readme():
            words = [word.replace("http://127.0.0.1:8000", server.url) for word in command[1:]]
            limit = ["--limit", "4"] if words[0] == "submit" else []
            done = subprocess.run(
                [str(farm), *words, *limit], capture_output=True, text=True, env=home, cwd=tmp_path, timeout=120
            )
            assert done.returncode == 0, (command, done.stderr)
            if words[0] == "gate":
                assert done.stdout.startswith("PASS: new against base")
    page = (tmp_path / "home" / "reports" / "new" / "report.html").read_text(encoding="utf-8")
    assert "acme-ft" in page and "nightly-8" in page


def test_it_grades_a_file_of_evalplus(farm: Path, tmp_path: Path) -> None:
    problem = {
        "task_id": "HumanEval/900", "prompt": 'def twice(x):\n    """Twice x."""\n', "entry_point": "twice",
        "canonical_solution": "    return 2 * x\n", "test": "def check(candidate):\n    assert candidate(3) == 6\n",
    }  # fmt: skip
    (tmp_path / "problems.jsonl").write_text(json.dumps(problem) + "\n")
    solution = f"{problem['prompt']}{problem['canonical_solution']}"
    (tmp_path / "samples.jsonl").write_text(json.dumps({"task_id": "HumanEval/900", "solution": solution}) + "\n")
    command = [str(farm), "grade", "--dataset", "problems.jsonl", "--completions", "samples.jsonl", "--out", "out"]
    home = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "FARM_HOME": str(tmp_path / "home")}
    done = subprocess.run(command, capture_output=True, text=True, env=home, cwd=tmp_path, timeout=120)
    assert done.returncode == 0 and "pass@1 100.00 %" in done.stdout, done.stderr
    assert str(ROOT) not in (tmp_path / "out" / "report.json").read_text()
