"""How long a server that takes no more requests for now asks to be left alone, in any of the headers it may use."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

WAIT_CAP_S = 3600.0
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def wait_asked_for(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """The seconds that a refusal's headers ask for, in 0 .. WAIT_CAP_S; None if they ask for nothing that makes sense.

    `retry-after-ms` (Azure, OpenAI), `Retry-After` (a number or an HTTP date), else the x-ratelimit-reset of
    whichever limit is used up: `x-ratelimit-reset-requests: 1m30s`, `x-ratelimit-reset-tokens: 6ms`, seconds, or a
    Unix time.
    """
    now = now or datetime.now(UTC)
    fields = {name.lower(): value.strip() for name, value in headers.items()}
    asked = _number(fields.get("retry-after-ms"))
    seconds = asked / 1000 if asked is not None else _retry_after(fields.get("retry-after"), now)
    if seconds is None:
        seconds = _reset(fields, now)
    return None if seconds is None or math.isnan(seconds) else min(max(0.0, seconds), WAIT_CAP_S)


def _retry_after(value: str | None, now: datetime) -> float | None:
    number = _number(value)
    if value is None or number is not None:
        return number
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return (date - now).total_seconds()


def _reset(fields: Mapping[str, str], now: datetime) -> float | None:
    """The longest reset among the limits that have nothing left; of all, where none says what is left."""
    resets: dict[str, float] = {}
    for name, value in fields.items():
        prefix, mark, limit = name.partition("ratelimit-reset")
        seconds = _duration(value, now) if mark and prefix in ("", "x-") else None
        if seconds is not None:
            resets[limit] = seconds
    spent = [s for limit, s in resets.items() if _number(fields.get(f"x-ratelimit-remaining{limit}", "0")) == 0]
    return max(spent or resets.values(), default=None)


def _duration(value: str, now: datetime) -> float | None:
    number = _number(value)
    if number is not None:  # seconds, or a Unix time in seconds or milliseconds
        for unit in (1.0, 1000.0):
            if abs(number / unit - now.timestamp()) < 100 * WAIT_CAP_S:
                return number / unit - now.timestamp()
        return number
    if value and not _PART.sub("", value):
        return sum(float(amount) * _SECONDS[unit] for amount, unit in _PART.findall(value))
    try:
        date = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now.timestamp()


def _number(value: str | None) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None
