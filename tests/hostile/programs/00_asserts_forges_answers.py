#: mode = "asserts"
#: prelude = false
#: calls = ["f"]
#: asserts = ["assert f([1]) == '@CANARY@'"]
#: want = ["WRONG_ANSWER", "RUNTIME_ERROR"]
"""Outcomes, objects and arguments sent ahead: each is only an answer, and none is the right one."""

import gc


def f(values):
    for channel in [thing for thing in gc.get_objects() if type(thing).__name__ == "Channel"]:
        channel.send({"value": {"x": [0, "str", True, False]}, "changed": [[0, ["anything"]]]})
        channel.send({"outcome": "passed"})
        channel.send({"loaded": True})
    return 0
