#: number = 52
#: want = ["WRONG_ANSWER", "RUNTIME_ERROR"]
#: func = "answer"
#: tests = [["1", "7"]]
class Liar:
    @property
    def __class__(self):
        return int

    def __getattribute__(self, name):
        return 7 if name != "__class__" else int

    def __eq__(self, other):
        return True


def answer(value):
    return Liar()
