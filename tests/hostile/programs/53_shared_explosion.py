#: number = 53
#: want = ["WRONG_ANSWER", "RUNTIME_ERROR", "OUTPUT_LIMIT", "MEMORY_LIMIT", "TIME_LIMIT"]
#: func = "answer"
#: limits = { cpu_s = 1.0, wall_s = 3.0, memory_bytes = 134217728, result_bytes = 1048576 }
#: tests = [["1", "[]"]]
def answer(value):
    result = []
    for _ in range(60):
        result = [result, result]
    return result
