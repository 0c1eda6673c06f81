"""What `import farm` offers: the names that docs/api.md lists, each loaded when it is first used."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

import farm
from tests.support.data import ROOT


def test_the_page_lists_exactly_the_public_names() -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    listed = re.findall(r"`(\w+)`", page.split("## All names")[1].split("\n\n")[1])
    assert sorted(listed) == sorted(farm.__all__)


def test_each_name_is_there_and_shown() -> None:
    for name in farm.__all__:
        assert getattr(farm, name) is not None
    assert set(farm.__all__) <= set(dir(farm))


def test_a_name_that_is_none_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'evaluate'"):
        farm.evaluate  # type: ignore[attr-defined] # noqa: B018


@pytest.mark.parametrize(
    ("name", "without"),
    [("Sampling", ("sqlalchemy", "redis", "celery")), ("judge", ("sqlalchemy", "redis", "celery", "requests"))],
)
def test_a_name_loads_what_it_needs_and_no_more(name: str, without: tuple[str, ...]) -> None:
    code = f"import sys, farm; farm.{name}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert set(done.stdout.split()).isdisjoint(without)
