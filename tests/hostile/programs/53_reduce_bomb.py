#: number = 53
#: want = ["WRONG_ANSWER", "RUNTIME_ERROR"]
#: func = "answer"
#: tests = [["1", "7"]]
class Bomb:
    def __reduce__(self):
        return os.system, ("touch /tmp/farm-hostile-reduce",)

    __reduce_ex__ = lambda self, protocol: self.__reduce__()


def answer(value):
    return [Bomb()]
