#: mode = "asserts"
#: prelude = false
#: calls = ["f"]
#: asserts = ["assert all(f() != n for n in range(10 ** 9))"]
#: want = ["TIME_LIMIT"]
"""The answer keeps the tests busy: their process has limits of its own."""


def f():
    return -1
