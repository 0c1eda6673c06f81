"""One open sandbox per tier for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from farm.sandbox.api import Sandbox
from farm.sandbox.open import open_sandbox
from tests.support.sandbox import available_tiers


@pytest.fixture(scope="session", params=available_tiers())
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with open_sandbox(tier=request.param) as opened:
        yield opened
