"""Where the tests find the sample data that is not part of this repository."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def shared(name: str) -> Path:
    """The path of a file of the sample data; skips the test if the data is not next to the checkout."""
    path = ROOT.parent / "shared" / "data" / name
    if not path.exists():
        pytest.skip(f"sample data {name} is not next to this checkout (../shared/data)")
    return path
