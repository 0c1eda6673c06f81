"""The evaluation environments, in tt-inference-server's names, and which task belongs to which. Data.

An environment is the packages of its lock file, exact and hashed (`locks/NAME.txt`); a change of the file is
another environment. Sources: `workflows/workflow_venvs.py` of tenstorrent/tt-inference-server, whose own
environments install forks of the same harness.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from farm.errors import ConfigError
from farm.ids import sha256_hex
from farm.text import one_line


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment. `tasks` are patterns of the names of tasks that need it rather than EVALS."""

    name: str
    holds: str
    tasks: tuple[str, ...] = ()

    @property
    def lock(self) -> Path:
        return Path(__file__).parent / "locks" / f"{self.name}.txt"

    @property
    def digest(self) -> str:
        """Names the packages: SHA-256 of the lock file."""
        return sha256_hex(self.lock.read_bytes())


DEFAULT = "EVALS"
VISION = "EVALS_VISION"

KNOWN = {
    environment.name: environment
    for environment in (
        Environment(DEFAULT, "lm-eval 0.4.13"),
        Environment(
            "EVALS_REASON",
            "lm-eval 0.4.13 with its checkers for mathematics",
            (
                r"r1_.*",
                r"aime.*",
                r".*math500.*",
                r"minerva_math.*",
                r"hendrycks_math.*",
                r"gpqa_diamond_.*cot.*",
                r"leaderboard_math_.*",
                r".*robustness_math_.*",
                r"putnam_axiom.*",
            ),
        ),
        Environment("EVALS_META", "lm-eval 0.4.13 with the checkers of Meta's tasks", (r"meta_.*", r".*ifeval.*")),
        Environment(
            VISION,
            "lm-eval 0.4.13 with pictures",
            (r"mmmu.*", r"chartqa.*", r"docvqa.*", r"mathvista.*", r"ai2d_.*vision.*"),
        ),
    )
}


def known(name: str) -> Environment:
    """The environment of that name; ConfigError that lists them."""
    if name not in KNOWN:
        raise ConfigError(
            f"no environment is known as {one_line(name, 40)}", remedy=f"choose one of {', '.join(KNOWN)}"
        )
    return KNOWN[name]


def environment_of(task: str) -> Environment:
    """The environment that a task of lm-eval names: by its own name, EVALS for most."""
    for environment in KNOWN.values():
        if any(re.fullmatch(pattern, task) for pattern in environment.tasks):
            return environment
    return KNOWN[DEFAULT]
