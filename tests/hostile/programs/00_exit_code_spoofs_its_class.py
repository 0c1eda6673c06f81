#: want = ["RUNTIME_ERROR", "WRONG_ANSWER"]
#: output = "42"
class Code:
    @property
    def __class__(self):
        raise KeyboardInterrupt


print(42)
raise SystemExit(Code())
