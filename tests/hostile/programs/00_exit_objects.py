#: want = ["RUNTIME_ERROR"]
#: output = "42"
class Code:
    def __str__(self):
        raise SystemExit(0)

    __repr__ = __int__ = __index__ = __str__


print(42)
sys.exit(Code())
