#: number = 57
#: want = ["RUNTIME_ERROR", "WRONG_ANSWER"]
#: output = "42"
class Hostile(BaseException):
    @property
    def __class__(self):
        os._exit(0)

    def __str__(self):
        sys.exit(0)

    __repr__ = __str__

    @property
    def __cause__(self):
        raise SystemExit(0)


print(42)
raise Hostile
