"""How long a server asks to be left alone, in the headers that providers use."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from farm.inference.rate_limits import wait_asked_for

NOW = datetime(2026, 10, 1, 12, 0, 0, tzinfo=UTC)
UNIX = NOW.timestamp()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"Retry-After": "Thu, 01 Oct 2026 12:00:30 GMT"}, 30.0),
        ({"Retry-After": "Thu, 01 Oct 2026 11:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, 3600.0),
        ({"Retry-After": "9" * 5000}, 3600.0),
        ({"Retry-After": "Sun, 99 Mar 2026 12:00:30 GMT"}, None),
        ({"Retry-After": "1e300"}, 3600.0),
        ({"Retry-After": "-5"}, 0.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"x-ratelimit-reset-requests": "1m30.5s"}, 90.5),
        ({"x-ratelimit-reset-tokens": "6ms"}, 0.006),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "20s"}, 20.0),
        (
            {
                "x-ratelimit-reset-requests": "1s", "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "20s", "x-ratelimit-remaining-tokens": "500",
            },
            1.0,
        ),
        ({"x-ratelimit-reset": f"{UNIX + 12:.0f}"}, 12.0),
        ({"X-RateLimit-Reset": f"{(UNIX + 12) * 1000:.0f}"}, 12.0),
        ({"ratelimit-reset": "7"}, 7.0),
        ({"x-ratelimit-reset-requests": "2026-10-01T12:00:05Z"}, 5.0),
        ({"x-ratelimit-reset-requests": "later"}, None),
    ],
)  # fmt: skip
def test_wait_asked_for(headers: dict[str, str], seconds: float | None) -> None:
    found = wait_asked_for(headers, NOW)
    assert found == seconds if seconds is None else found == pytest.approx(seconds)
