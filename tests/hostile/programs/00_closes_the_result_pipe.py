#: want = ["RUNTIME_ERROR", "WRONG_ANSWER"]
#: func = "answer"
#: tests = [["1", "7"]]
def answer(value):
    os.closerange(3, 1024)
    return 7
