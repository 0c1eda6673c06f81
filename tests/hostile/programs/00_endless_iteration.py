#: want = ["WRONG_ANSWER", "RUNTIME_ERROR"]
#: func = "answer"
#: tests = [["1", "[1]"]]
#: limits = { cpu_s = 1.0 }
class Endless(list):
    def __iter__(self):
        while True:
            yield 1

    def __len__(self):
        return 10**18


def answer(value):
    return [Endless(), {"a": Endless()}, (Endless(),)]
