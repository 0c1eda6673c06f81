"""What modules want done in a child after a fork, without Python's own way of doing it.

`threading`, `random`, `logging` and others register Python functions, which touch two hundred pages of every
child: more than the fork itself costs. A zygote has one thread and holds no lock, so of all that only the two
things of `in_child` matter. Import this before any module that registers.
"""

from __future__ import annotations

import os

_register = os.register_at_fork


def _ignore(**_functions: object) -> None:
    pass


os.register_at_fork = _ignore

import _random  # noqa: E402
import random  # noqa: E402
import threading  # noqa: E402

_seed, _shared = _random.Random.seed, random._inst
_thread, _pid = threading.main_thread(), os.getpid


def admit() -> None:
    """From here on registrations count: those of programs."""
    os.register_at_fork = _register


def in_child() -> None:
    """A random sequence that no sibling has, and the identity of its only thread."""
    _seed(_shared)
    _thread._native_id = _pid()  # type: ignore[attr-defined]
