#: number = 52
#: want = ["WRONG_ANSWER"]
#: func = "answer"
#: mode = "lcb"
#: prelude = false
#: tests = [["1", "[1, 7]"]]
class Liar:
    def __eq__(self, other):
        return True


def answer(value):
    return [1, Liar()]
