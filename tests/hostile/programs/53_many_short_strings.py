#: number = 53
#: want = ["OUTPUT_LIMIT"]
#: func = "answer"
#: tests = [["1", "[[]]"]]
# The same by strings of two characters, which are 51 bytes each.
def answer(value):
    return ["ab"] * 3_000_000
