#: number = 57
#: want = ["RUNTIME_ERROR", "WRONG_ANSWER"]
#: output = "42"
class Endless(Exception):
    def __repr__(self):
        return repr(self)

    __str__ = __repr__


print(42)
raise Endless
