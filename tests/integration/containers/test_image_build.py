"""`farm image build` with a real engine: names, labels, and what fails."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from pathlib import Path

import pytest

from farm import __version__
from farm.cli.serve.image import commit_of
from tests.support.containers.docker_engine import base_image
from tests.support.data import ROOT
from tests.support.embedded_home import Home

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]


def test_an_image_is_named_and_labelled_with_version_and_commit(tmp_path: Path) -> None:
    base_image()
    home = Home(tmp_path / "home")
    built = home.farm("image", "build", "--role", "execute", "--source", str(ROOT))
    assert built.wait(800) == 0, built.stderr
    name = built.stdout.strip()
    try:
        commit = commit_of(ROOT)
        dirty = "-dirty" if commit.endswith("-dirty") else ""
        assert name == f"farm-execute:{__version__}-{commit[:12]}{dirty}"
        (row,) = json.loads(subprocess.check_output(["docker", "image", "inspect", name]))
        labels = row["Config"]["Labels"]
        assert labels["org.opencontainers.image.version"] == __version__
        assert labels["org.opencontainers.image.revision"] == commit
        assert row["Config"]["Cmd"] == ["worker", "execute"]
    finally:
        subprocess.run(["docker", "rmi", name], capture_output=True, check=False)


def test_what_fails_is_one_line(tmp_path: Path) -> None:
    base_image()
    home = Home(tmp_path / "home")

    def refused(*arguments: str, **env: str) -> str:
        process = home.farm("image", "build", "--role", "execute", *arguments, **env)
        assert process.wait() == 2, process.stderr
        return process.stderr.splitlines()[-1]

    assert "no worker.Dockerfile in" in refused("--source", str(tmp_path))
    assert "the container engine does not answer" in refused("--source", str(ROOT), DOCKER_HOST="unix:///no/such.sock")
    mine = f"this is wrong {secrets.token_hex(4)}"
    (tmp_path / "worker.Dockerfile").write_text(
        f"FROM python:3.11-slim-bookworm AS execute\nRUN echo {mine} && exit 3\n"
    )
    line = refused("--source", str(tmp_path))
    assert "at Step 2/2" in line and mine in line and "returned a non-zero code: 3" in line
    left = subprocess.run(
        ["docker", "ps", "--all", "--no-trunc", "--format", "{{.Command}}"], capture_output=True, text=True, check=True
    )
    assert mine not in left.stdout, "the container of the step that failed"


@pytest.mark.skipif(shutil.which("git") is None, reason="no git")
def test_the_commit_of_a_checkout(tmp_path: Path) -> None:
    assert commit_of(tmp_path) == "unknown"

    def git(*words: str) -> str:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        return subprocess.check_output(["git", "-C", str(tmp_path), *who, *words], text=True).strip()

    git("init", "-q")
    (tmp_path / "file").write_text("1")
    git("add", "file")
    git("commit", "-qm", "first")
    assert commit_of(tmp_path) == git("rev-parse", "HEAD")
    (tmp_path / "file").write_text("2")
    assert commit_of(tmp_path) == git("rev-parse", "HEAD") + "-dirty"
