#: number = 53
#: want = ["OUTPUT_LIMIT"]
#: func = "answer"
#: tests = [["1", "[[]]"]]
#: limits = { cpu_s = 15.0, wall_s = 90.0 }
# Few bytes that become many objects in the worker: each empty dict or tuple is 240 bytes there.
def answer(value):
    return [{} for _ in range(1_800_000)]
