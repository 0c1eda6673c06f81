#: mode = "asserts"
#: prelude = false
#: calls = ["f"]
#: asserts = ["assert f(1) == '@CANARY@'", "assert '@CANARY@' == f(2)", "assert f(3) in ('@CANARY@',)"]
#: stop = "all"
#: want = ["WRONG_ANSWER"]
"""An answer whose class decides what it equals: it arrives without its class."""


class Anything(str):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 0

    __lt__ = __le__ = __gt__ = __ge__ = __eq__


def f(number):
    return Anything() if number < 3 else type("Other", (), {"__eq__": Anything.__eq__})()
