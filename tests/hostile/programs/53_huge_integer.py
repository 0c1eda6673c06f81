#: number = 53
#: want = ["WRONG_ANSWER", "RUNTIME_ERROR", "OUTPUT_LIMIT"]
#: func = "answer"
#: tests = [["1", "7"]]
#: limits = { cpu_s = 6.0 }
def answer(value):
    return 1 << 3321928  # 10**6 digits
