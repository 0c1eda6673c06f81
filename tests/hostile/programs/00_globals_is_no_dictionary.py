#: want = ["PASSED", "RUNTIME_ERROR", "WRONG_ANSWER"]
#: output = "42"
class Name(str):
    def __eq__(self, other):
        raise KeyboardInterrupt

    def __hash__(self):
        return hash("harness")


class Finalized:
    def __del__(self):
        globals().clear()


globals()[Name("x")] = Finalized()
globals()["y"] = Finalized()
sys.stdout.write("42\n")
