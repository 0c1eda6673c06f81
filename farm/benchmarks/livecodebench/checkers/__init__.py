"""The checkers of LiveCodeBench, one file a problem."""

from __future__ import annotations

from types import ModuleType

from farm.benchmarks.checker import Checker
from farm.benchmarks.livecodebench.checkers import (
    abc311_c,
    abc315_e,
    abc326_d,
    abc327_b,
    abc333_e,
    abc335_d,
    abc343_a,
    abc343_e,
    abc350_c,
    abc362_c,
    abc366_g,
    abc373_g,
    abc396_e,
    abc397_d,
    abc398_f,
    arc181_c,
    arc183_d,
    arc185_c,
    arc190_a,
    arc191_c,
)

_VERSION_1 = (
    abc311_c,
    abc315_e,
    abc326_d,
    abc327_b,
    abc333_e,
    abc335_d,
    abc343_a,
    abc343_e,
    abc350_c,
    abc362_c,
    abc366_g,
    abc373_g,
    abc396_e,
    abc397_d,
    abc398_f,
    arc181_c,
    arc183_d,
    arc185_c,
    arc190_a,
    arc191_c,
)


def _name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


CHECKERS: dict[str, Checker] = {f"{_name(module)}@1": module.check for module in _VERSION_1}
