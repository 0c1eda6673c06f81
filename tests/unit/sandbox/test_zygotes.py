"""Which zygote a program is forked from, and that neither choice nor fork can be seen by it."""

from __future__ import annotations

import pytest

from farm.records import JudgeSpec, Limits, Suite, TestCase, Verdict
from farm.sandbox import plan
from farm.sandbox.api import Sandbox
from farm.sandbox.imports import wants_more
from farm.sandbox.runner import RunRequest
from farm.sandbox.slot import Slot
from tests.support.sandbox import alive, available_tiers

JUDGE = {mode: JudgeSpec.model_validate({"mode": mode}) for mode in ("judge", "lcb")}


@pytest.mark.parametrize(
    "source",
    [
        "print(input())",
        "import sys, math\nfrom collections import defaultdict as d, deque",
        "import os.path as p; from typing import List # numpy is a fine thing",
        "from __future__ import annotations\n    from heapq import *",
    ],
)
def test_small_modules_alone(source: str) -> None:
    assert not wants_more(source.encode(), ["sympy"])


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np",
        "import sys, asyncio",
        "from dataclasses import dataclass",
        "if 1: import hashlib",
        "from \\\n hashlib import md5",
        "import sys; import zlib",
        "__import__('os')",
        "exec('imp' + 'ort zlib')",
        "from importlib import import_module",
        "import ctypes",
        "name = 'sympy'",
        "from . import x",
        "import",
        "import sys, \\\n  hashlib",
    ],
)
def test_whatever_may_be_more(source: str) -> None:
    assert wants_more(source.encode(), ["numpy", "sympy"])


def test_a_long_line_is_read_once() -> None:
    """Quadratic time would not end here."""
    assert wants_more(b"import " * 300_000, ["numpy"])
    assert not wants_more(b"from math import pi " * 100_000, ["numpy"])


def passes(sandbox: Sandbox, source: str, output: str, mode: str) -> None:
    suite = Suite(func_name=None, tests=(TestCase(input="", output=output),))
    seen = sandbox.evaluate(source, suite, JUDGE[mode], Limits())
    assert seen.verdict is Verdict.PASSED, seen


@pytest.mark.parametrize("mode", JUDGE)
def test_imports_of_either_kind_work(sandbox: Sandbox, mode: str) -> None:
    passes(sandbox, "import sys, heapq\nprint(heapq.nsmallest(1, [2, 1])[0])", "1\n", mode)
    passes(sandbox, "import sys, hashlib, dataclasses\nprint(len(hashlib.sha256(b'').digest()))", "32\n", mode)
    passes(sandbox, "import sys\nprint(sys.modules[__import__('uuid').__name__] is not None)", "True\n", mode)


@pytest.mark.parametrize("mode", JUDGE)
def test_a_child_is_as_after_any_fork(sandbox: Sandbox, mode: str) -> None:
    """Its random numbers are its own, its thread has its number, and the garbage collector runs."""
    text = "import random, threading, gc, os\nprint(threading.get_native_id() == threading.main_thread().native_id"
    passes(sandbox, f"{text}, gc.isenabled(), os.getpid() == threading.get_native_id())", "True True True\n", mode)
    passes(sandbox, "import os\nprint(type(os.register_at_fork))", "<class 'builtin_function_or_method'>\n", mode)
    suite = Suite(func_name=None, tests=(TestCase(input="", output=""),))
    drawn = set()
    for _ in range(3):
        seen = sandbox.evaluate("import random\nprint(random.random())", suite, JUDGE[mode], Limits())
        drawn.add(seen.cases[0].stdout_excerpt)
    assert len(drawn) == 3 and "" not in drawn


@pytest.mark.parametrize("mode", JUDGE)
def test_nothing_of_a_rehearsal_is_left(sandbox: Sandbox, mode: str) -> None:
    source = "import sys\nprint('Solution' in globals(), 'wrapped_function' in sys.modules, len(input.__doc__) > 0)"
    passes(sandbox, source, "False False True\n", mode)


def request(source: str) -> RunRequest:
    """One run of a program without input."""
    return RunRequest("judge", source.encode(), Limits(), cpu_s=6.0, stack_bytes=8 << 20, stdout_bytes=1 << 20)


def test_programs_of_both_kinds_take_turns_in_a_slot() -> None:
    (tier,) = (known for known in plan.TIERS if known == available_tiers()[0])
    slot = Slot(plan.make(tier, preload=()))
    try:
        small, whole = slot.zygote(whole=False), slot.zygote(whole=True)
        assert small is slot.zygote(whole=False) and whole is slot.zygote()
        assert small.facts["pid"] != whole.facts["pid"]
        assert small.baseline_bytes < whole.baseline_bytes
        slot.observe(request("print(1)"))
        slot.discard()
        assert not alive(small.facts["pid"]), "it ran the last program"
        assert whole is slot.zygote(whole=True), "nothing speaks against the other one"
        slot.observe(request("import zlib"))
        slot.discard()
        assert not alive(whole.facts["pid"])
        assert slot.zygote(whole=False).facts["pid"] != small.facts["pid"]
    finally:
        slot.close()
