#: want = ["RUNTIME_ERROR", "OUTPUT_LIMIT", "WRONG_ANSWER", "TIME_LIMIT"]
#: func = "answer"
#: tests = [["1", "7"]]
#: limits = { cpu_s = 1.0, wall_s = 3.0, result_bytes = 65536 }
def answer(value):
    while True:
        for fd in range(3, 64):
            try:
                os.write(fd, b"\x7f\xff\xff\xff" * 16384)
            except OSError:
                pass
