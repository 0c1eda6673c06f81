#: number = 53
#: want = ["WRONG_ANSWER", "RUNTIME_ERROR", "OUTPUT_LIMIT"]
#: func = "answer"
#: tests = [["1", "{}"]]
def answer(value):
    result = {}
    for _ in range(100000):
        result = {"a": result}
    return result
