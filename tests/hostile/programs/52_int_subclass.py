#: number = 52
#: want = ["WRONG_ANSWER"]
#: func = "answer"
#: tests = [["1", "7"]]
class Liar(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__
    __repr__ = __str__ = lambda self: "7"
    __index__ = __int__ = lambda self: 7


def answer(value):
    return Liar(8)
