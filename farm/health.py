"""A sign of life for whatever supervises a service on its own host: a container's health check.

The service writes the time into a file after each beat that Redis took. So the check costs Redis nothing, and
one that hangs, or has lost Redis, falls silent. Monotonic time: a stepped clock makes nobody sick.
"""

from __future__ import annotations

import time
from pathlib import Path

from farm.config import Settings
from farm.errors import ConfigError, Unhealthy

SILENT_S = 20.0  # several beats, on a busy host too


def note(path: Path) -> None:
    """Write down that the service lives now."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(f"{time.monotonic():.1f}\n")
    draft.replace(path)


def check(settings: Settings) -> None:
    """Raise Unhealthy unless the service beat lately. ConfigError where no file is agreed upon."""
    path = settings.health_file
    if path is None:
        raise ConfigError("FARM_HEALTH_FILE is not set", remedy="set it as the service has it")
    try:
        silent_s = time.monotonic() - float(path.read_text())
    except (OSError, ValueError) as exc:
        raise Unhealthy("no sign of life yet", remedy="see what the service says on stderr") from exc
    if silent_s > SILENT_S:
        raise Unhealthy(f"no sign of life for {silent_s:.0f} s", remedy="see what the service says on stderr")
