#: want = ["RUNTIME_ERROR", "WRONG_ANSWER"]
#: func = "answer"
#: tests = [["1", "7"]]
def answer(value):
    reader, writer = os.pipe()
    for fd in range(3, 64):
        if fd not in (reader, writer):
            os.dup2(writer, fd)
    return 7
