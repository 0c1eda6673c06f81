"""Opening a sandbox: the strongest tier that this host allows, or the one asked for, or a refusal."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass

from farm.errors import SandboxUnavailable
from farm.judging.evaluate import JudgingSandbox
from farm.sandbox import plan
from farm.sandbox.api import Sandbox
from farm.sandbox.confinement import ContainerSpec
from farm.sandbox.container.runner import ContainerRunner
from farm.sandbox.plan import Tier
from farm.sandbox.slot import Slot

CONFINED: tuple[Tier, ...] = ("ns", "uid", "landlock")  # of a host, strongest first
DOCKER = "docker"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a sandbox: its name, and how to start it. `start` raises SandboxUnavailable with one reason."""

    name: str
    start: Callable[[], Sandbox]


def open_sandbox(
    *,
    tier: str = "auto",
    python: str | None = None,
    preload: tuple[str, ...] | None = None,
    container: ContainerSpec | None = None,
) -> Sandbox:
    """One slot of a sandbox. `tier`: `auto` (the strongest that starts), `ns`, `uid`, `landlock`, `docker`, or `none`.

    `none` is no sandbox: it must be asked for by name, and every result is stamped with it. `python` is
    the interpreter of the programs (this one by default; in a container the image's), `preload` what it
    loads ahead besides the standard library (numpy, where it is installed). `container`: what tier `docker`
    makes its containers of.

    Raises SandboxUnavailable, which names the missing protection and the options; ConfigError for a
    tier that does not exist.
    """
    reasons = []
    for way in ways(tier, python=python, preload=preload, container=container):
        try:
            return way.start()
        except SandboxUnavailable as exc:
            reasons.append(str(exc))
    raise refusal(reasons, tier)


def ways(
    tier: str,
    *,
    python: str | None = None,
    preload: tuple[str, ...] | None = None,
    container: ContainerSpec | None = None,
) -> list[Way]:
    """The ways to try for `tier`, strongest first. ConfigError if there is no such tier.

    `auto` tries the tiers of this host, which need no engine and cost a hundredth of a container's start;
    where programs cannot be confined by this system at all (not Linux), the engine is the only way.
    """

    def docker() -> Sandbox:
        return JudgingSandbox(ContainerRunner(container or ContainerSpec(), python=python, preload=preload))

    def local(chosen: Tier) -> Way:
        return Way(chosen, lambda: JudgingSandbox(Slot(plan.make(chosen, python, preload))))

    if tier == DOCKER or (tier == "auto" and sys.platform != "linux"):
        return [Way(DOCKER, docker)]
    return [local(candidate) for candidate in plan.candidates(tier)]


def refusal(reasons: list[str], tier: str) -> SandboxUnavailable:
    """The one message with which a worker refuses to run programs: what was tried, why not, what next."""
    if tier == DOCKER:  # what this host has does not matter
        return SandboxUnavailable(f"refusing to run untrusted code: {'; '.join(reasons)}")
    if sys.platform == "linux":
        from farm.sandbox import probe  # binds system calls that others have not

        where = probe.host().row()
    else:
        where = platform.platform()
    return SandboxUnavailable(
        f"refusing to run untrusted code: {'; '.join(reasons)} ({where})",
        remedy="options: kernel >= 5.13 with Landlock, a worker that is not root or has CAP_SETUID and CAP_SETGID, "
        "a Python that the programs' user can read, --sandbox docker",
    )
