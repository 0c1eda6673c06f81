"""The Docker engine of this machine and the image that tests use. Without them a test skips; in CI it fails."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from typing import NoReturn

import pytest

from tests.support.data import ROOT

IMAGE = "python:3.11-slim-bookworm"
LABEL = "farm.test"  # on every container that a test starts


def base_image() -> str:
    """The name of an image with a Python 3.11, which is in the engine when this returns."""
    if problem := base_image_problem():
        missing(problem)
    return IMAGE


def missing(problem: str) -> NoReturn:
    """Skip for a service that this machine lacks; fail in CI, which must have it."""
    if os.environ.get("CI"):
        pytest.fail(f"{problem}; CI must have it")
    pytest.skip(problem)


@functools.cache
def base_image_problem() -> str:
    """Why no container can be started from the image, which is made if that is all; empty if one can."""
    if shutil.which("docker") is None:
        return "no docker command on this machine"
    # One script makes the image for CI, for developers and here; where it is there already, it does nothing
    made = subprocess.run([ROOT / "scripts" / "base_image.sh"], capture_output=True, text=True, check=False)
    return "" if made.returncode == 0 else made.stderr.strip().rpartition("\n")[2]
