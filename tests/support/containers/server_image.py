"""A local image that starts like tt-inference-server's and runs the scripted model server."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.containers.docker_engine import LABEL, base_image, missing
from tests.support.data import ROOT

PACKAGES = ("pydantic", "pydantic_core", "annotated_types", "typing_inspection")
MODULES = ("typing_extensions",)


@contextmanager
def server_image(folder: Path) -> Iterator[str]:
    """The image's name; it is removed afterwards. Built without network, from what this Python has."""
    base = base_image()
    site = folder / "site"
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None
        shutil.copytree(Path(spec.origin).parent, site / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in MODULES:
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None
        shutil.copy(spec.origin, site)
    shutil.copytree(ROOT / "farm", folder / "farm", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests" / "support", folder / "tests" / "support")
    (folder / "tests" / "__init__.py").touch()
    (folder / "Dockerfile").write_text(
        f"FROM {base}\nCOPY . /app\nENV PYTHONPATH=/app:/app/site PYTHONUNBUFFERED=1\nLABEL {LABEL}=1\n"
        "WORKDIR /app\n"
        'ENTRYPOINT ["python3", "-m", "tests.support.containers.tt_image"]\n'
    )
    name = f"farm-test-server:{os.getpid()}"
    built = subprocess.run(["docker", "build", "-q", "-t", name, folder], capture_output=True, text=True, check=False)
    if built.returncode != 0:
        missing(f"the test image cannot be built: {built.stderr.strip()[-300:]}")
    try:
        yield name
    finally:
        subprocess.run(["docker", "rmi", "-f", name], capture_output=True, check=False)
