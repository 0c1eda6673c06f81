"""A heartbeat file for whatever supervises a service on its host, such as a container's health check.

The service writes the time into a file after each heartbeat that Redis accepted. So the check costs Redis nothing, and
a service that hangs or has lost Redis fails it. The time is monotonic: a clock that is set does not matter.
"""

from __future__ import annotations

import time
from pathlib import Path

from farm.config import Settings
from farm.errors import ConfigError, Unhealthy

SILENT_S = 20.0  # several heartbeats, also on a busy host


def note(path: Path) -> None:
    """Record that the service is alive now."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(f"{time.monotonic():.1f}\n")
    draft.replace(path)


def check(settings: Settings) -> None:
    """Raise Unhealthy unless the last heartbeat is recent. Raises ConfigError if FARM_HEALTH_FILE is not set."""
    path = settings.health_file
    if path is None:
        raise ConfigError("FARM_HEALTH_FILE is not set", remedy="set it as the service has it")
    try:
        silent_s = time.monotonic() - float(path.read_text())
    except (OSError, ValueError) as exc:
        raise Unhealthy("no sign of life yet", remedy="see what the service says on stderr") from exc
    if silent_s > SILENT_S:
        raise Unhealthy(f"no sign of life for {silent_s:.0f} s", remedy="see what the service says on stderr")
