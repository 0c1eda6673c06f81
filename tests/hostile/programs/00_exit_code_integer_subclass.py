#: want = ["RUNTIME_ERROR", "WRONG_ANSWER"]
#: output = "42"
class Code(int):
    def __int__(self):
        raise GeneratorExit

    __and__ = __rand__ = __index__ = __int__


print(42)
sys.exit(Code(3))
