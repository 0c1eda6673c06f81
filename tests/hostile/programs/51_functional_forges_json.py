#: number = 51
#: want = ["WRONG_ANSWER", "RUNTIME_ERROR"]
#: func = "answer"
#: tests = [["1", "7"], ["2", "8"]]
import builtins


def answer(value):
    json.dumps = lambda *_, **__: '{"value": true}'
    json.JSONEncoder.default = json.JSONEncoder.encode = lambda *_: "true"
    builtins.type = lambda *_: int
    builtins.isinstance = lambda *_: True
    return object()
