"""Opening a sandbox: the strongest tier that this host allows, or the one asked for, or a refusal."""

from __future__ import annotations

import os

from farm.errors import ConfigError, SandboxUnavailable
from farm.sandbox import plan, probe
from farm.sandbox.api import Sandbox
from farm.sandbox.evaluate import JudgingSandbox
from farm.sandbox.plan import TIERS, Plan, Tier
from farm.sandbox.slot import Slot

CONFINED: tuple[Tier, ...] = ("ns", "uid", "landlock")  # strongest first


def open_sandbox(*, tier: str = "auto", python: str | None = None, preload: tuple[str, ...] | None = None) -> Sandbox:
    """One slot of a sandbox. `tier`: `auto` (the strongest that starts), `ns`, `uid`, `landlock`, or `none`.

    `none` is no sandbox: it must be asked for by name, and every result is stamped with it. `python` is
    the interpreter of the programs (this one by default), `preload` what it loads ahead besides the
    standard library (numpy, where it is installed).

    Raises SandboxUnavailable, which names the missing protection and the options; ConfigError for a
    tier that does not exist.
    """
    reasons = []
    for candidate in candidates(tier):
        try:
            return start(plan.make(candidate, python, preload))
        except SandboxUnavailable as exc:
            reasons.append(str(exc))
    raise refusal(reasons)


def candidates(tier: str) -> tuple[Tier, ...]:
    """The tiers to try for `tier`, in order. ConfigError if there is no such tier.

    `auto` as root does not try `landlock`: the children of root must change their uid.
    """
    if tier == "auto":
        return ("ns", "uid") if os.geteuid() == 0 else ("ns", "landlock")
    found = tuple(known for known in TIERS if known == tier)
    if not found:
        raise ConfigError(f"unknown sandbox tier {tier!r}", remedy=f"use auto, {', '.join(TIERS)}")
    return found


def refusal(reasons: list[str]) -> SandboxUnavailable:
    """The one message with which a worker refuses to run programs: what was tried, why not, what next."""
    return SandboxUnavailable(
        f"refusing to run untrusted code: {'; '.join(reasons)} ({probe.host().row()})",
        remedy="options: kernel >= 5.13 with Landlock, a worker that is not root or has CAP_SETUID and CAP_SETGID, "
        "a Python that the programs' user can read",
    )


def start(chosen: Plan) -> Sandbox:
    """A sandbox of exactly this plan. Raises SandboxUnavailable with the one reason."""
    return JudgingSandbox(Slot(chosen))
