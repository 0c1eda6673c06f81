"""A runtime is an interpreter and the packages that its programs may import; nothing else can be imported."""

from __future__ import annotations

import sys
import venv
from pathlib import Path

import pytest

from farm.errors import ConfigError, SandboxUnavailable
from farm.judging.open import open_sandbox
from farm.records import JudgeSpec, Limits, Suite, TestCase, Verdict
from farm.sandbox import plan
from tests.support.sandbox import available_tiers

SUITE = Suite(func_name=None, tests=(TestCase(input="", output="42"),))
# A package with a part that is imported later, one that needs another, and a module of one file
FILES = {
    "answers/__init__.py": "__version__ = '1.5'\n",
    "answers/later.py": "VALUE = 42\n",
    "asking/__init__.py": "import answers.later\nVALUE = answers.later.VALUE\n",
    "single.py": "VALUE = 42\n",
}


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for path in (*folder.rglob("*"), folder, tmp_path, *tmp_path.parents[:2]):
        if not path.stat().st_mode & 0o005:  # pytest's own folders: other users' programs are to come through
            path.chmod(0o755)
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.mark.parametrize("tier", available_tiers())
def test_programs_import_what_their_runtime_names(tier: str, packages: Path) -> None:
    programs = {
        "import answers.later\nprint(answers.later.VALUE)": True,
        "import asking\nprint(asking.VALUE)": True,
        "import single\nprint(single.VALUE)": True,
        "import pydantic\nprint(42)": False,
    }
    with open_sandbox(tier=tier, preload=("answers", "asking", "single")) as sandbox:
        assert "answers-1.5 asking-unversioned" in sandbox.info.runtime
        for program, known in programs.items():
            seen = sandbox.evaluate(program, SUITE, JudgeSpec(), Limits())
            assert seen.verdict is (Verdict.PASSED if known else Verdict.RUNTIME_ERROR), (program, seen)


@pytest.mark.parametrize("mode", ["judge", "lcb"])
def test_a_missing_import_is_a_runtime_error_that_names_the_module(mode: str) -> None:
    with open_sandbox(preload=()) as sandbox:
        judge = JudgeSpec.model_validate({"mode": mode})
        seen = sandbox.evaluate("import no_such_module\nprint(42)", SUITE, judge, Limits())
    assert seen.verdict is Verdict.RUNTIME_ERROR
    assert "no_such_module" in seen.detail


def test_packages_are_looked_for_in_the_interpreter_that_runs_the_programs(tmp_path: Path) -> None:
    other = tmp_path / "python"
    other.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    other.chmod(0o755)
    made = plan.make("landlock", str(other), ("json",))
    (entry,) = made.preload
    assert entry.endswith(":json") and made.python == str(other)
    with pytest.raises(ConfigError, match="cannot preload no_such_package"):
        plan.make("landlock", str(other), ("no_such_package",))
    with pytest.raises(SandboxUnavailable, match="does not say where numpy is"):
        plan.make("landlock", str(tmp_path / "gone"), ("numpy",))


def test_a_virtual_environment_of_this_python_has_its_own_packages(tmp_path: Path) -> None:
    """Its interpreter is a link to this one; its packages are not those of this process."""
    venv.create(tmp_path / "own", symlinks=True, with_pip=False)
    python = tmp_path / "own" / "bin" / "python"
    assert python.resolve() == Path(sys.executable).resolve()
    assert plan.make("landlock", sys.executable).preload != ()
    assert plan.make("landlock", str(python)).preload == ()
    with pytest.raises(ConfigError, match="cannot preload numpy: not installed"):
        plan.make("landlock", str(python), ("numpy",))
    [packages] = (tmp_path / "own").glob("lib/python3*/site-packages")
    (packages / "only_there.py").write_text("")
    assert plan.make("landlock", str(python), ("only_there",)).preload == (f"{packages}:only_there",)
