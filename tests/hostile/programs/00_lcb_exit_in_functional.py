#: mode = "lcb"
#: prelude = false
#: func = "answer"
#: want = ["RUNTIME_ERROR", "WRONG_ANSWER"]
#: tests = [["1", "1"], ["2", "2"]]
import sys


def answer(value):
    if value == 2:
        sys.exit(0)
    return value
