"""The tests that a document names."""

from __future__ import annotations

import re

_NAMED = re.compile(r"`((?:[\w/]+/)?\w+\.py)?::(\w+)`|`((?:[\w/]+/)?test_\w+\.py|tests/[\w/]+/?)`")


def named_in(text: str) -> list[tuple[str, str]]:
    """(file or folder, test) of each test that a text names; `::test` alone is in the file that was named before.

    The test is empty where a whole file or folder is named.
    """
    found, last = [], ""
    for file, test, place in _NAMED.findall(text):
        last = file or place or last
        found.append((last, test))
    return found
