#: number = 52
#: want = ["WRONG_ANSWER"]
#: func = "answer"
#: tests = [["1", "7"]]
class Liar:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return hash(7)

    def __repr__(self):
        return "7"

    __int__ = __index__ = __len__ = lambda self: 7


def answer(value):
    return Liar()
