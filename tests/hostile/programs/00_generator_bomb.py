#: want = ["WRONG_ANSWER"]
#: func = "answer"
#: tests = [["1", "[1]"]]
#: limits = { cpu_s = 1.0 }
import itertools


def answer(value):
    return itertools.count()
