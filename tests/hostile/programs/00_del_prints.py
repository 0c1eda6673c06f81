#: want = ["WRONG_ANSWER"]
#: output = "42"
class Loud:
    def __del__(self):
        os.write(1, b"43\n")


print(42, flush=True)
Loud()
