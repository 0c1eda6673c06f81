"""How large the experiments are: `make faults` runs them whole, `make test` a piece of each that takes seconds."""

from __future__ import annotations

import os
import random

import pytest

FULL = os.environ.get("FARM_FAULTS") == "full"
TIMEOUT_S = 7200 if FULL else 120
only_in_full = pytest.mark.skipif(not FULL, reason="a long experiment: make faults")


def size(full: int, small: int) -> int:
    """A number of runs, by the scale that was asked for."""
    return full if FULL else small


def seed_of(own: int = 0) -> int:
    """FARM_FAULTS_SEED if it is set, else the experiment's own, else a new one; printed, for a failure to show."""
    seed = int(os.environ.get("FARM_FAULTS_SEED") or own or random.SystemRandom().getrandbits(32))
    print(f"FARM_FAULTS_SEED={seed}")
    return seed


def seeded() -> random.Random:
    """A generator whose seed is printed, and can be given again as FARM_FAULTS_SEED."""
    return random.Random(seed_of())
