"""Protocols by their names: those of all benchmarks."""

from __future__ import annotations

from farm.benchmarks.registry import ELSEWHERE, registry
from farm.errors import ConfigError
from farm.records import Protocol
from farm.text import one_line


def names() -> tuple[str, ...]:
    """`name@version` of all protocols that can be chosen for a dataset."""
    return tuple(protocol.ident for protocol in registry().protocols())


def choose(name: str) -> Protocol:
    """A protocol that a user names for problems: not one whose prompts come from elsewhere."""
    found = get(name)
    if found in ELSEWHERE or found in registry().follow_ups():
        raise ConfigError(
            f"protocol {found.ident} asks no problem of a dataset", remedy="farm repair RUN, farm submit --task"
        )
    return found


def get(name: str) -> Protocol:
    """A protocol by `name` (its newest version) or `name@version`. ConfigError lists what there is."""
    for elsewhere in ELSEWHERE:
        if name in (elsewhere.name, elsewhere.ident):
            return elsewhere
    known = registry()
    found = [item for item in (*known.protocols(), *known.follow_ups()) if name in (item.name, item.ident)]
    if not found:
        raise ConfigError(f"unknown protocol {one_line(name, 60)}", remedy=f"choose one of {', '.join(names())}")
    return max(found, key=lambda protocol: protocol.version)


def for_tests(*, python: bool) -> tuple[str, ...]:
    """The names of protocols that judge tests which are Python, or inputs and outputs."""
    fitting = [item.name for item in registry().protocols() if (item.judge.mode == "asserts") == python]
    return tuple(dict.fromkeys(fitting))
