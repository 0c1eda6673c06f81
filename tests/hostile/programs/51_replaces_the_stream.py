#: number = 51
#: want = ["RUNTIME_ERROR", "WRONG_ANSWER"]
#: output = "42"
class Stream:
    def write(self, text):
        raise ValueError("never")

    def flush(self):
        raise ValueError("never")


sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = Stream()
print(42)
