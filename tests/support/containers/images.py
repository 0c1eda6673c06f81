"""The images of worker.Dockerfile, built once a session; the engine's layer cache is kept for the next one."""

from __future__ import annotations

import functools
import hashlib
import subprocess

from farm import __version__
from tests.support.containers.docker_engine import LABEL, base_image
from tests.support.data import ROOT

TAG = f"test-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"  # checkouts on one machine keep apart
ROLES = ("broker", "execute", "generate", "coordinator")


@functools.cache
def image(role: str) -> str:
    """The name of a role's image, made from this checkout. Skips without an engine; in CI that is a failure."""
    base_image()
    name = f"farm-{role}:{TAG}"
    command = [
        "docker", "build", "--quiet", "--file", "worker.Dockerfile", "--target", role, "--tag", name,
        "--build-arg", f"FARM_VERSION={__version__}", "--build-arg", f"FARM_COMMIT={commit()}", ".",
    ]  # fmt: skip
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr[-3000:]
    return name


@functools.cache
def commit() -> str:
    """The checkout's commit; what is not committed yet is not told apart."""
    said = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return said.stdout.strip() or "unknown"


def inside(role: str, *words: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run `words` in a container of a role, hardened as compose does it."""
    command = [
        "docker", "run", "--rm", "--label", LABEL, "--network", "none", "--read-only", "--tmpfs", "/tmp",
        "--cap-drop", "ALL", "--security-opt", "no-new-privileges", *options,
        "--entrypoint", words[0], image(role), *words[1:],
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=False)
