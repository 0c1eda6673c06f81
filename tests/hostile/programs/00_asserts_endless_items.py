#: mode = "asserts"
#: prelude = false
#: calls = ["f"]
#: asserts = ["assert sum(f()) == 5"]
#: want = ["TIME_LIMIT"]
"""An iterator without end: the tests ask for more until the time is over, whoever spends it."""


def f():
    while True:
        yield 0
