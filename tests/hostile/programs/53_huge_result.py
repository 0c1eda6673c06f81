#: number = 53
#: want = ["OUTPUT_LIMIT"]
#: func = "answer"
#: tests = [["1", "[]"]]
#: limits = { cpu_s = 6.0, result_bytes = 1048576 }
def answer(value):
    return ["x" * 1000] * 5000
