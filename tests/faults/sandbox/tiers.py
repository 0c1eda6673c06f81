"""The tiers an experiment runs in: in the small version all that start here, in the full one two of them."""

from __future__ import annotations

import functools
import shutil
import sys

from farm.errors import SandboxUnavailable
from farm.judging.open import open_sandbox
from farm.sandbox.api import Sandbox
from tests.support.experiments.scale import FULL
from tests.support.sandbox import available_tiers


@functools.cache
def python_for(tier: str) -> str | None:
    """An interpreter that `tier` can use; None if there is none. Root's own may lie where no other user may go."""
    if tier in available_tiers():
        return sys.executable
    for python in {shutil.which("python3", path=folder) for folder in ("/usr/bin", "/usr/local/bin")} - {None}:
        try:
            open_sandbox(tier=tier, python=python, preload=()).close()
        except SandboxUnavailable:
            continue
        return python
    return None


def tiers() -> list[str]:
    """The tiers to parametrise an experiment with; in the full version the strongest and `landlock`."""
    if not FULL:
        return available_tiers()
    return list(dict.fromkeys(tier for tier in (available_tiers()[0], "landlock") if python_for(tier) is not None))


def opened(tier: str) -> Sandbox:
    """One slot of `tier`, without numpy: a zygote starts faster."""
    return open_sandbox(tier=tier, python=python_for(tier), preload=())
