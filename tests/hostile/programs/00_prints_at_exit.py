#: want = ["WRONG_ANSWER"]
#: output = "42"
import atexit

atexit.register(print, 43)
print(42)
