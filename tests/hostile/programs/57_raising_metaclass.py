#: number = 57
#: want = ["RUNTIME_ERROR"]
#: func = "answer"
#: tests = [["1", "7"]]
class Meta(type):
    def __call__(cls, *_):
        raise SystemExit(0)

    def __getattribute__(cls, name):
        raise KeyboardInterrupt(name)


class Solution(metaclass=Meta):
    def answer(self, value):
        return 7
