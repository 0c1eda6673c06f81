#: mode = "asserts"
#: prelude = false
#: calls = ["f"]
#: asserts = ["assert f() == '@CANARY@'"]
#: want = ["WRONG_ANSWER"]
"""The expected value is in no object that this process has: not in the frames, not in the collector's lists."""

import gc
import sys


def f():
    seen, todo = set(), [*gc.get_objects(), *sys.modules.values()]
    frame = sys._getframe()
    while frame:
        todo += [frame.f_locals, frame.f_globals, frame.f_code]
        frame = frame.f_back
    while todo and len(seen) < 300_000:
        thing = todo.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, str) and thing.startswith("CANARY" + "-"):
            return thing
        todo += gc.get_referents(thing)
    return "nothing"
