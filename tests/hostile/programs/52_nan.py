#: number = 52
#: want = ["WRONG_ANSWER"]
#: func = "answer"
#: tests = [["1", "NaN"]]
def answer(value):
    return float("nan")
