#: number = 53
#: want = ["WRONG_ANSWER", "RUNTIME_ERROR"]
#: func = "answer"
#: tests = [["1", "[[]]"]]
def answer(value):
    result = []
    result.append(result)
    return result
