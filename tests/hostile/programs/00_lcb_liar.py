#: mode = "lcb"
#: prelude = false
#: func = "answer"
#: want = ["WRONG_ANSWER"]
#: tests = [["1", "7"]]
class Liar(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


def answer(value):
    return Liar(8)
