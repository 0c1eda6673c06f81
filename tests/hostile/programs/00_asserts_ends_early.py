#: mode = "asserts"
#: prelude = false
#: calls = ["f"]
#: asserts = ["assert f() == '@CANARY@'"]
#: want = ["RUNTIME_ERROR"]
"""A process that ends well has not passed."""

import os


def f():
    os._exit(0)
