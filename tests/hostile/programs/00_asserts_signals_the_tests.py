#: mode = "asserts"
#: prelude = false
#: calls = ["f"]
#: asserts = ["assert f() == '@CANARY@'"]
#: want = ["WRONG_ANSWER"]
"""The tests' process cannot be signalled, traced or opened."""

import os
import signal


def f():
    for number in range(1, 40_000):
        for attack in (
            lambda: os.kill(number, signal.SIGKILL),  # noqa: B023
            lambda: os.pidfd_open(number),  # noqa: B023
            lambda: open(f"/proc/{number}/mem", "rb"),  # noqa: B023, SIM115
        ):
            if number != os.getpid():
                try:
                    attack()
                    return "reached"
                except OSError:
                    pass
    return "nothing"
