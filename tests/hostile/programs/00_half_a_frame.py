#: want = ["RUNTIME_ERROR", "WRONG_ANSWER"]
#: func = "answer"
#: tests = [["1", "7"]]
def answer(value):
    for fd in range(3, 64):
        try:
            os.write(fd, b"\x00\x00\x00\x00\x00\x00\x00\x10")
        except OSError:
            pass
    os._exit(0)
