"""One open sandbox per tier for the unit tests of sandbox and judging."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from farm.judging.open import open_sandbox
from farm.sandbox.api import Sandbox
from tests.support.sandbox import available_tiers


@pytest.fixture(scope="session", params=available_tiers())
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with open_sandbox(tier=request.param) as opened:
        yield opened
