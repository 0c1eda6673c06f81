"""What `make faults` runs: every test that docs/faults.md names, and all of tests/faults. And what a session leaves."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator

import pytest

from tests.support import farm_process
from tests.support.data import ROOT
from tests.support.promises import named_in

QUICK = ("unit", "properties", "simulation")


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """A shell has its background jobs ignore Ctrl-C, and so would the commands that tests interrupt."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _runtime_folders() -> Iterator[None]:
    """Those of farm's processes lie outside pytest's own folders; see tests/support/farm_process.py."""
    yield
    for folder in farm_process.runtimes:
        shutil.rmtree(folder)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the fault experiments, wherever they stand: the table of experiments and the marker cannot differ."""
    named = set(named_in((ROOT / "docs" / "faults.md").read_text(encoding="utf-8")))
    for item in items:
        path = item.path.relative_to(ROOT).as_posix()
        test = getattr(item, "originalname", item.name)
        if path.startswith("tests/faults/") or any(_is(path, test, *one) for one in named):
            item.add_marker(pytest.mark.fault)
    # Files of few slow tests first: the last ones to begin should be short, or one process idles at the end
    items.sort(key=lambda item: item.path.relative_to(ROOT).parts[1] in QUICK)


def _is(path: str, test: str, place: str, name: str) -> bool:
    return name in ("", test) and (f"/{path}".endswith(f"/{place}") or (place[-1:] == "/" and path.startswith(place)))
