#: number = 57
#: want = ["WRONG_ANSWER"]
#: func = "answer"
#: tests = [["1", "[1, 2]"]]
def answer(value):
    yield 1
    yield 2
