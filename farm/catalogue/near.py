"""Names that resemble one that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def near(name: str, names: Iterable[str]) -> list[str]:
    """Up to three of `names` that resemble `name`, best first; of a repo id its last part counts."""
    by_lower = {known.lower(): known for known in names}
    short = name.strip().rsplit("/", 1)[-1].lower()
    return [by_lower[match] for match in difflib.get_close_matches(short, by_lower, n=3, cutoff=0.6)]
