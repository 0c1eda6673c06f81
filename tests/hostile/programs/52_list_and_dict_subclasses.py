#: number = 52
#: want = ["WRONG_ANSWER"]
#: func = "answer"
#: stop = "all"
#: first_failure = 0
#: tests = [["0", "[1, 2]"], ["1", "{\"a\": 1}"], ["2", "\"text\""]]
class List(list):
    def __iter__(self):
        return iter([1, 2])

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return [1, 2][index]

    def __eq__(self, other):
        return True


class Dict(dict):
    def items(self):
        return [("a", 1)]

    keys = lambda self: ["a"]

    def __eq__(self, other):
        return True


class Text(str):
    def __str__(self):
        return "text"

    encode = lambda self, *_: b"text"

    def __eq__(self, other):
        return True


def answer(value):
    return [List([9]), Dict(b=2), Text("wrong")][value]
