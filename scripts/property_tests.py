"""Run the property tests of what hostile bytes meet (comparison, frames, queue entries) on other Pythons.

    scripts/base_image.sh trixie && scripts/base_image.sh sid        # Debian's newer Pythons, as images
    python scripts/property_tests.py [--rounds N] IMAGE...           # needs a Docker engine and pip

What the tests import is installed for the Python of each image into a folder that is removed afterwards: compiled
packages as wheels of that version. The containers have no network. Each round has a new seed, which pytest prints
where a test fails. Exit code 1 if one does.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ("tests/properties/test_compare.py", "tests/properties/test_envelopes.py", "tests/unit/sandbox/test_frames.py")
NEEDED = ("pytest", "pytest-timeout", "hypothesis", "pydantic", "celery", "kombu", "redis", "packaging", "zstandard")
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def pins() -> list[str]:
    """The needed packages with the versions of constraints.txt, without its hashes, which are of other wheels."""
    versions = dict(PINNED.findall((ROOT / "constraints.txt").read_text(encoding="utf-8")))
    return [f"{name}=={versions[name]}" if name in versions else name for name in NEEDED]


def python_of(image: str) -> str:
    """The Python of an image, as 3.13."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    said = subprocess.run(
        ["docker", "run", "--rm", "--network", "none", image, "python3", "-c", code], capture_output=True, text=True
    )
    if said.returncode != 0:
        sys.exit(f"{image}: {said.stderr.strip().rpartition(chr(10))[2]}")
    return said.stdout.strip()


def install(version: str, folder: str) -> None:
    """Install what the tests import, for that Python, into `folder`."""
    command = [
        sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--target", folder,
        "--python-version", version, "--implementation", "cp", "--only-binary", ":all:", *pins(),
    ]  # fmt: skip
    if subprocess.run(command).returncode != 0:
        sys.exit(f"no packages for Python {version}: see above")


def passes(image: str, packages: str) -> bool:
    """Whether all tests pass once in a container of `image`."""
    command = ["docker", "run", "--rm", "--network", "none", "--workdir", "/repository"]
    for source, target in ((ROOT, "/repository"), (packages, "/packages")):
        command += ["--mount", f"type=bind,source={source},target={target},readonly"]
    for name, value in {
        "PYTHONPATH": "/repository:/packages", "PYTHONDONTWRITEBYTECODE": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": "/tmp/hypothesis",
    }.items():  # fmt: skip
        command += ["--env", f"{name}={value}"]
    pytest = ["python3", "-m", "pytest", "-q", "--noconftest", "-p", "no:cacheprovider", *TESTS]
    return subprocess.run([*command, image, *pytest]).returncode == 0


def main(words: Sequence[str]) -> int:
    """Run the rounds in each image; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", nargs="+", metavar="IMAGE")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args(words)
    failed = False
    for image in options.images:
        version = python_of(image)
        print(f"{image}: Python {version}", flush=True)
        with tempfile.TemporaryDirectory() as packages:
            install(version, packages)
            for _ in range(options.rounds):
                failed = not passes(image, packages) or failed
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
