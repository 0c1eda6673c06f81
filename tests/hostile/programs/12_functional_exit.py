#: number = 12
#: want = ["RUNTIME_ERROR"]
#: func = "answer"
#: tests = [["1", "1"]]
def answer(value):
    os._exit(0)
