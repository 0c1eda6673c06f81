"""Where a worker may run: each environment gets its strongest tier, whole, or a refusal that says why."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pydantic
import pytest

from tests.support.data import ROOT

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can take on the other environments")
ENVIRONMENT = {"PYTHONPATH": f"{ROOT}:{Path(pydantic.__file__).parents[1]}", "PYTHONDONTWRITEBYTECODE": "1"}


def readable_python() -> str:
    """An interpreter with farm's dependencies that any user can run; root's own may lie below /root."""
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            done = subprocess.run(
                [python, "-c", "import pydantic, farm"],
                env=ENVIRONMENT, cwd="/", user=65534, group=65534, extra_groups=[], capture_output=True, check=False,
            )  # fmt: skip
        except OSError:
            continue
        if done.returncode == 0:
            return python
    pytest.skip("no interpreter here that another user can run")


def start(*kinds: str, python: str = sys.executable) -> dict[str, Any]:
    command = [python, "-m", "tests.unit.sandbox.host", *kinds]
    done = subprocess.run(command, env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_here() -> None:
    answer = start()
    assert answer["failed"] == []
    assert any(p.startswith("seccomp-") for p in answer["protections"])


@needs_root
def test_root_in_a_container() -> None:
    """Docker's default: root, no namespaces. The interpreter may well lie in root's home."""
    answer = start("container")
    assert (answer["tier"], answer["failed"]) == ("uid", [])
    assert "uid" in answer["protections"]


@needs_root
def test_a_user_in_a_hardened_container() -> None:
    answer = start("container", "user", "no-new-privs", python=readable_python())
    assert (answer["tier"], answer["failed"]) == ("landlock", [])


@needs_root
def test_a_user_on_a_host() -> None:
    answer = start("user", python=readable_python())
    assert answer["tier"] in ("ns", "landlock")
    assert answer["failed"] == []


@needs_root
def test_without_landlock_a_private_root_is_needed() -> None:
    answer = start("no-landlock")
    assert (answer["tier"], answer["failed"]) == ("ns", [])
    assert not any(p.startswith("landlock") for p in answer["protections"])


@needs_root
def test_root_in_a_container_without_landlock() -> None:
    """Nothing can be mounted and no rule be made: children get a root with nothing in it."""
    answer = start("container", "no-landlock")
    assert (answer["tier"], answer["failed"]) == ("uid", [])
    assert not any(p.startswith("landlock") for p in answer["protections"])


@needs_root
def test_a_user_with_neither_landlock_nor_namespaces_is_refused() -> None:
    refused = start("container", "no-landlock", "user", python=readable_python())["refused"]
    assert refused.startswith("refusing to run untrusted code: ")
    assert "unshare" in refused
    assert "Landlock is missing" in refused
    assert "options: kernel >= 5.13" in refused


@needs_root
def test_no_filters_is_a_refusal() -> None:
    refused = start("no-seccomp")["refused"]
    assert "prctl(22)" in refused
    assert "seccomp missing" in refused
