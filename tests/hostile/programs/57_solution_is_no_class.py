#: number = 57
#: want = ["RUNTIME_ERROR"]
#: func = "answer"
#: stop = "all"
#: tests = [["1", "7"], ["2", "7"]]
class Descriptor:
    def __get__(self, instance, owner):
        raise GeneratorExit


class Solution:
    answer = Descriptor()
