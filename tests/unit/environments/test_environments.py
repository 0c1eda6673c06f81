"""Evaluation environments: which task names which, and that one is whole or absent."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from farm.environments.known import KNOWN, RUNTIMES, Environment, environment_of, known
from farm.environments.process import last_words
from farm.environments.store import Environments
from farm.errors import ConfigError
from tests.support.data import ROOT
from tests.support.lm_eval.harness import harness_packages

TINY = "# nothing\n"


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("gsm8k", "EVALS"), ("humaneval_instruct", "EVALS"), ("r1_aime24", "EVALS_REASON"),
        ("r1_math500", "EVALS_REASON"), ("meta_ifeval", "EVALS_META"), ("mmmu_val", "EVALS_VISION"),
    ],
)  # fmt: skip
def test_a_task_names_its_environment(task: str, name: str) -> None:
    assert environment_of(task).name == name


@pytest.mark.parametrize("environment", [*KNOWN.values(), *RUNTIMES.values()], ids=lambda environment: environment.name)
def test_each_lock_is_exact_hashed_and_without_addresses(environment: Environment) -> None:
    text = environment.lock.read_text()
    pins = [pin for pin in re.split(r"\n(?=[a-z0-9])", text.strip()) if not pin.startswith("#")]
    holds = environment.name.replace("-", "==") if environment.preload else "lm-eval==0.4.13"
    assert any(pin.startswith(f"{holds} ") for pin in pins)
    assert all(re.match(r"[a-z0-9][a-z0-9._-]*==\S+", pin) and "--hash=sha256:" in pin for pin in pins)
    assert not re.search(r"https?://|--(extra-)?index-url", text)


def test_the_lock_of_evals_has_the_pins_of_farm_itself() -> None:
    """`farm lm-eval` runs there: renew it with `python scripts/locked.py lm-eval execute`."""

    def pins(text: str) -> set[str]:
        return set(re.findall(r"(?m)^([a-z0-9][a-z0-9._-]*==\S+)", text))

    command = [sys.executable, str(ROOT / "scripts" / "locked.py"), "lm-eval", "execute"]
    wanted = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert pins(KNOWN["EVALS"].lock.read_text()) >= pins(wanted)


def test_each_task_of_lm_eval_that_needs_more_packages_names_the_environment_that_has_them() -> None:
    """By what the functions next to its YAML import."""
    tasks = harness_packages() / "lm_eval" / "tasks"
    found: dict[str, set[str]] = {}
    for name, packages in {"EVALS_REASON": "math_verify|sympy", "EVALS_META": "langdetect|immutabledict"}.items():
        for code in tasks.rglob("*.py"):
            if re.search(rf"(?m)^\s*(import|from) ({packages})\b", code.read_text(encoding="utf-8")):
                for path in code.parent.glob("*.yaml"):
                    found.setdefault(name, set()).update(re.findall(r"(?m)^task: *(\S+)", path.read_text()))
    assert {"minerva_math_algebra", "leaderboard_math_algebra_hard"} < found["EVALS_REASON"]
    assert {"ifeval", "leaderboard_ifeval"} <= found["EVALS_META"]
    wrong = {task: name for name, named in found.items() for task in named if environment_of(task).name != name}
    assert wrong == {}


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        ("", "it said nothing"),
        ("loading\n  done  \n\n", "done"),
        ("Traceback (most recent call last):\n  x\nKeyError: 'a'\n", "KeyError: 'a'"),
        (
            "Traceback:\nLookupError: \n"
            + "*" * 70
            + "\n  Resource \x1b[93mpunkt_tab\x1b[0m not found.\n\n"
            + "*" * 70,
            "LookupError: Resource punkt_tab not found.",
        ),
        ("ValueError: a\nDuring handling, another\nlm_eval.api.TaskError: b\n", "lm_eval.api.TaskError: b"),
    ],
    ids=["nothing", "a line", "an exception", "nltk's", "the last of two"],
)
def test_the_last_words_of_lm_eval_are_those_that_say_something(stderr: str, said: str) -> None:
    assert last_words(stderr) == said


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no environment is known as EVAL; choose one of EVALS, EVALS_REASON"):
        known("EVAL")


def test_one_is_made_whole_isolated_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Environment, "lock", property(lambda self: tmp_path / f"{self.name}.txt"))
    for name in (*KNOWN, *RUNTIMES):
        (tmp_path / f"{name}.txt").write_text(TINY)
    store, wanted = Environments(tmp_path / "environments"), KNOWN["EVALS_META"]
    assert store.interpreter(wanted) is None
    python = store.create(wanted)
    assert store.interpreter(wanted) == python and "EVALS_META" in store.available()
    code = "import farm; from importlib.util import find_spec; print(farm.__version__, find_spec('pydantic'))"
    told = subprocess.run([python, "-P", "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert told.split()[1] == "None", "it has a package of farm's own environment"

    (tmp_path / "EVALS_META.txt").write_text(TINY * 2)  # another lock is another environment
    assert store.interpreter(wanted) is None
    assert [path.name.partition("-")[0] for path in store.outdated()] == ["EVALS_META"]
    assert not store.remove(wanted)

    (tmp_path / "EVALS_META.txt").write_text("no-such-package-of-farms==1 --hash=sha256:" + "0" * 64 + "\n")
    with pytest.raises(ConfigError, match=r"environment EVALS_META cannot be installed"):
        store.create(wanted)
    assert store.interpreter(wanted) is None
    assert len(list((tmp_path / "environments").iterdir())) == 1, "half an environment is left"
