#: number = 53
#: want = ["WRONG_ANSWER", "RUNTIME_ERROR"]
#: func = "answer"
#: stop = "all"
#: tests = [["1", "\"text\""], ["2", "7"]]
def answer(value):
    return "\ud800\udfff\ud800" if value == 1 else {"\udc00": float("inf")}
