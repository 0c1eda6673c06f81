"""The layout of the tree: names of modules in texts, sizes of folders, and no module that only stands for another one.

The import contract (pyproject.toml) sees import statements. A module can also be started by a text: a command line, an
entry point, a table of commands. Such texts obey the contract, too.
"""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from farm.sandbox.container.bundle import MODULES
from tests.support.data import ROOT

FARM = ROOT / "farm"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NAME = re.compile(r"farm(\.[A-Za-z_]\w*)+(:[A-Za-z_]\w*)?")
STARTED = re.compile(r"-m (farm[\w.]*\w)")
PATH = re.compile(r"(?<![\w/.-])farm/[\w/]+\.py\b")
NO_MODULE = {
    "farm.generate", "farm.execute", "farm.score",  # Celery's names of the tasks
    "farm.owner",  # labels of containers
    "farm.gate", "farm.lost",  # class names in JUnit files
}  # fmt: skip
MOST_FILES = 16
LARGER = {
    "farm/benchmarks/livecodebench/checkers": "a file a problem that has several right answers",
    "farm/reports": "what each command shows of a run, in text, Markdown and JSON",
    "farm/sandbox/inside": "what one child process of a program consists of; it may import nothing else of farm",
    "tests/corpus/honest": "a program a file",
    "tests/hostile/programs": "a program a file",
}
SOURCES = [path for path in FARM.rglob("*.py") if "sample" not in path.parts]
TEXTS = [
    *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.y*ml"), *ROOT.glob("*.y*ml"),
    *(ROOT / ".github").rglob("*.yml"), ROOT / "Makefile", ROOT / "worker.Dockerfile", ROOT / "pyproject.toml",
    *(ROOT / "scripts").rglob("*.py"), *(ROOT / "bench").rglob("*.py"), *SOURCES,
]  # fmt: skip


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def constants(path: Path) -> Iterator[str]:
    """The texts in a module that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node.value


def named_modules(path: Path) -> set[str]:
    """The modules that texts of this module name as a whole, `module` or `module:attribute`."""
    return {text for text in constants(path) if NAME.fullmatch(text) and text not in NO_MODULE}


def exists(name: str) -> bool:
    module, _, attribute = name.partition(":")
    if find_spec(module) is None:
        return False
    return not attribute or hasattr(importlib.import_module(module), attribute)


def layer(module: str) -> int:
    """The place of a module among the layers, from the top; a package that spans several has the lowest of them.

    `farm` itself, which offers the Python API lazily, is above all.
    """
    [layers] = [c["layers"] for c in PROJECT["tool"]["importlinter"]["contracts"] if c["type"] == "layers"]
    named = [(place, name) for place, names in enumerate(layers) for name in names.split(" | ")]
    found = [place for place, name in named if module == name or module.startswith(f"{name}.")]
    found = found or [place for place, name in named if name.startswith(f"{module}.")]
    assert found, f"{module} is in no layer"
    return -1 if module == "farm" else max(found)


def package(module: str) -> str:
    return ".".join(module.split(".")[:2])


@pytest.mark.parametrize("path", [path for path in SOURCES if named_modules(path)], ids=module_of)
def test_a_module_that_a_text_names_exists_and_is_not_above(path: Path) -> None:
    source = module_of(path)
    for name in named_modules(path):
        target = name.partition(":")[0]
        assert exists(name), f"{source} names {name}"
        below = layer(source) < layer(target) or package(source) == package(target)
        assert below, f"{source} starts {target}, which the layers do not allow"


def test_the_texts_that_start_modules_are_found() -> None:
    found = {name for path in SOURCES for name in named_modules(path)}
    assert {
        "farm.environments.lm_eval_process", "farm.lm_eval.plugin.shim", "farm.server.llamacpp",
        "farm.server.log_follower", "farm.cli.run.submit:submit",
    } <= found  # fmt: skip


def test_entry_points_exist() -> None:
    groups = [PROJECT["project"]["scripts"], *PROJECT["project"]["entry-points"].values()]
    for name in (name for group in groups for name in group.values()):
        module, _, attribute = name.partition(":")
        path = ROOT / f"{module.replace('.', '/')}.py"
        tree = ast.parse(path.read_text(encoding="utf-8"))  # lm-eval's own imports are not installed here
        defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        defined |= {t.id for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)}
        assert attribute in defined, name


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_paths_and_command_lines_in_texts_name_modules_that_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [name for name in STARTED.findall(text) if find_spec(name) is None] == []
    assert [place for place in PATH.findall(text) if not (ROOT / place).is_file()] == []


def test_what_a_container_is_sent_exists_and_is_all_that_it_imports() -> None:
    sent = {module_of(FARM / f"{name}.py") for name in MODULES}
    for module in sent:
        assert find_spec(module) is not None, module
        assert package(module) in {"farm", "farm.errors", "farm.text", "farm.version", "farm.sandbox"}, module


def test_no_folder_is_too_large() -> None:
    folders = {path.parent for tree in ("farm", "tests", "bench") for path in (ROOT / tree).rglob("*.py")}
    sizes = {
        folder.relative_to(ROOT).as_posix(): len([p for p in folder.glob("*.py") if p.name != "__init__.py"])
        for folder in folders
    }
    assert {name: size for name, size in sizes.items() if size > MOST_FILES and name not in LARGER} == {}


def test_no_module_only_stands_for_another_one() -> None:
    def only_imports(path: Path) -> bool:
        body = ast.parse(path.read_text(encoding="utf-8")).body
        rest = [node for node in body if not isinstance(node, ast.Import | ast.ImportFrom | ast.Expr)]
        names = {t.id for node in rest if isinstance(node, ast.Assign) for t in node.targets if isinstance(t, ast.Name)}
        return bool(body) and names <= {"__all__"} and all(isinstance(node, ast.Assign) for node in rest)

    modules = [path for path in SOURCES if path.name not in ("__init__.py", "__main__.py")]
    assert [module_of(path) for path in modules if only_imports(path)] == []
