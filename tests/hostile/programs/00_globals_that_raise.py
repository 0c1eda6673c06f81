#: want = ["PASSED", "RUNTIME_ERROR", "WRONG_ANSWER"]
#: output = "42"
class Meta(type):
    def __getattribute__(cls, name):
        raise KeyboardInterrupt(name)


class Value(metaclass=Meta):
    pass


value = object.__new__(Value)
print(42, flush=True)
