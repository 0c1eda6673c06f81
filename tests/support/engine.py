"""The container engine, for tests that need a real one: skipped with the reason on a laptop, a failure in CI."""

from __future__ import annotations

import os
from typing import Any

import pytest

from farm.sandbox.confinement import DEFAULT_IMAGE


def engine() -> Any:
    """A client of an engine that has the default image. The caller closes it."""
    reason = ""
    try:
        import docker
        from docker.errors import DockerException
    except ImportError:
        reason = "the docker SDK is not installed"
    else:
        try:
            client = docker.from_env()
        except DockerException as exc:
            reason = f"no container engine answers: {exc}"
        else:
            if client.images.list(name=DEFAULT_IMAGE):
                return client
            client.close()
            reason = f"the engine has no image {DEFAULT_IMAGE} (scripts/base_image.sh makes it)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
