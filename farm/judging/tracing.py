"""A program that tells which lines it executes: its source in a frame that traces it, run in the same sandbox.

For who asks why a program failed. The trace goes to the program's own stderr, so nothing is judged by it:
a program may forge it, and only fools its reader about itself. Tracing makes Python many times slower;
the frame stops the program before the CPU limit would, and says where it was.
"""

from __future__ import annotations

from typing import NamedTuple

from farm.records import Limits, Suite
from farm.sandbox.api import Observation, Sandbox
from farm.text import decode_output

MARK = "--- farm trace ---"
STEPS = 60  # the last lines that are told
SLOWER = 10  # times the CPU and wall limits of the run

_FRAME = """
def _farm_trace(source, mark, steps, budget):
    import sys, threading, time, os
    from collections import deque
    last, count, depth = deque(maxlen=steps), [0], [0]
    lines = source.split("\\n")

    def brief(value):
        if value is None or isinstance(value, (bool, int, float, str)) and type(value).__module__ == "builtins":
            try:
                text = repr(value)
            except ValueError:
                text = "(a long int)"
            return text if len(text) <= 40 else text[:37] + "..."
        if type(value) in (list, tuple, dict, set):
            return "%s of %d" % (type(value).__name__, len(value))
        return None

    def tell(why):
        print(mark, file=sys.stderr)
        print("%d lines executed; the last %d, %s" % (count[0], len(last), why), file=sys.stderr)
        for number, name, values in last:
            code = lines[number - 1].strip() if 0 < number <= len(lines) else ""
            print("%5d %s: %s%s" % (number, name, code[:100], values), file=sys.stderr)
        sys.stderr.flush()

    def trace(frame, event, argument):
        if frame.f_code.co_filename != "program.py":
            return None
        if event == "call":
            depth[0] += 1
        elif event == "line":
            count[0] += 1
            found = []
            if frame.f_code.co_name != "<module>":
                for name, value in list(frame.f_locals.items())[:8]:
                    shown = brief(value)
                    if shown is not None:
                        found.append("%s = %s" % (name, shown))
            last.append((frame.f_lineno, frame.f_code.co_name, "  # " + ", ".join(found) if found else ""))
            if count[0] % 500 == 0 and time.process_time() > budget:
                sys.settrace(None)
                tell("then stopped: out of time")
                sys.stdout.flush()
                os._exit(0)
        elif event == "exception":
            last.append((frame.f_lineno, frame.f_code.co_name, "  ! %s" % argument[0].__name__))
        elif event == "return":
            depth[0] -= 1
            if depth[0] == 0:
                sys.settrace(None)
                tell("up to the end of " + frame.f_code.co_name)
                sys.settrace(trace)
        return trace

    code = compile(source, "program.py", "exec", dont_inherit=True)
    threading.settrace(trace)
    sys.settrace(trace)
    return code
"""


class Traced(NamedTuple):
    """What a traced run showed. `trace` is empty if the program ended before it could tell."""

    seen: Observation
    stdout: str
    stderr: str
    trace: str


def trace(sandbox: Sandbox, source: str, suite: Suite, index: int, limits: Limits) -> Traced:
    """Run `source` once on test `index` of `suite`, traced, with more time than the run's `limits`.

    SandboxLost, SandboxUnavailable as `Sandbox.observe`. ValueError for tests that are Python.
    """
    if suite.asserts is not None:
        raise ValueError("tests that are Python call the program from another process: no trace")
    wider = limits.model_copy(
        update={
            "cpu_s": min(3600.0, limits.cpu_s * SLOWER),
            "wall_s": min(7200.0, limits.wall_s * SLOWER),
            "stderr_bytes": 1 << 20,
        }
    )
    seen = sandbox.observe(framed(source, budget_s=wider.cpu_s * 0.8), suite, index, wider)
    stderr, _, told = decode_output(seen.stderr).partition(f"{MARK}\n")
    # A function's module ends before the function is called: what is wanted is the last one
    return Traced(seen, decode_output(seen.stdout), stderr, told.rpartition(f"{MARK}\n")[2])


def framed(source: str, *, budget_s: float) -> str:
    """The program that traces `source` and stops it after `budget_s` CPU seconds."""
    # ascii() keeps lone surrogates and NUL out of the frame's own source
    call = f"_farm_trace({source!a}, {MARK!r}, {STEPS}, {budget_s!r})"
    return f"{_FRAME}\nexec({call}, globals())\n"
