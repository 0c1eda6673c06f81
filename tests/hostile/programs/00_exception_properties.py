#: want = ["RUNTIME_ERROR", "PASSED"]
#: output = "42"
class Hostile(BaseException):
    @property
    def __traceback__(self):
        raise SystemExit(0)

    __context__ = __cause__ = __suppress_context__ = __notes__ = __traceback__


print(42)
raise Hostile
