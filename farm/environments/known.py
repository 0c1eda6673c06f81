"""The environments that farm can make: for evaluation tasks, and for programs. Data.

An environment is the packages of its lock file, exact and hashed (`locks/NAME.txt`); a change of the file is
another environment. Evaluation environments have tt-inference-server's names (`workflows/workflow_venvs.py` of
tenstorrent/tt-inference-server, whose own environments install forks of the same harness). Program runtimes hold
the numpy versions that LiveCodeBench's own lock files name: what numpy prints differs between them.
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
    """One environment.

    `tasks` are patterns of the names of tasks that need it rather than EVALS; `preload` are the packages that
    programs may import, where it is a runtime of programs.
    """

    name: str
    holds: str
    tasks: tuple[str, ...] = ()
    preload: tuple[str, ...] = ()

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


# numpy 1.26.4 is in LiveCodeBench's poetry.lock, 2.2.5 in its uv.lock (commit 28fef95)
RUNTIMES = {
    runtime.name: runtime
    for runtime in (
        Environment("numpy-1.26.4", "programs' numpy, as in LiveCodeBench's poetry.lock", preload=("numpy",)),
        Environment("numpy-2.2.5", "programs' numpy, as in LiveCodeBench's uv.lock", preload=("numpy",)),
    )
}


def known(name: str) -> Environment:
    """The evaluation environment or program runtime of that name; ConfigError that lists them."""
    everything = {**KNOWN, **RUNTIMES}
    if name not in everything:
        raise ConfigError(
            f"no environment is known as {one_line(name, 40)}", remedy=f"choose one of {', '.join(everything)}"
        )
    return everything[name]


def environment_of(task: str) -> Environment:
    """The environment that a task of lm-eval names: by its own name, EVALS for most."""
    for environment in KNOWN.values():
        if any(re.fullmatch(pattern, task) for pattern in environment.tasks):
            return environment
    return KNOWN[DEFAULT]
