"""Completions whose programs sleep: work that fills slots and leaves the cores alone."""

from __future__ import annotations

import json
from pathlib import Path

PROBLEM = "farm_echo"


def write_sleepers(path: Path, count: int, seconds: float) -> Path:
    """So many different programs that sleep, then are right; for `farm grade --ids farm_echo --judge judge`."""
    program = f"import time\ntime.sleep({seconds})\nprint(input())\n"
    rows = ({"question_id": PROBLEM, "index": i, "code": f"{program}# {i}\n"} for i in range(count))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def grade_words(path: Path, out: Path) -> tuple[str, ...]:
    """The arguments of farm that judge them."""
    return (
        "grade", "--dataset", "sample", "--completions", str(path), "--ids", PROBLEM, "--judge", "judge",
        "--out", str(out),
    )  # fmt: skip
