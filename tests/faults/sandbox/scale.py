"""How large the experiments are: `make faults` runs them whole, `make test` a piece of each that takes seconds."""

from __future__ import annotations

import os
import random

FULL = os.environ.get("FARM_FAULTS") == "full"
TIMEOUT_S = 7200 if FULL else 120


def size(full: int, small: int) -> int:
    """A number of runs, by the scale that was asked for."""
    return full if FULL else small


def seeded() -> random.Random:
    """A generator whose seed is printed, and can be given again as FARM_FAULTS_SEED."""
    seed = int(os.environ.get("FARM_FAULTS_SEED") or random.SystemRandom().getrandbits(32))
    print(f"FARM_FAULTS_SEED={seed}")
    return random.Random(seed)
