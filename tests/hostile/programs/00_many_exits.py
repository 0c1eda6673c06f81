#: want = ["PASSED", "RUNTIME_ERROR", "WRONG_ANSWER"]
#: output = "42"
import atexit
import threading


def again():
    atexit.register(again)
    raise SystemExit(1)


print(42, flush=True)
atexit.register(again)
threading._register_atexit(lambda: 1 / 0)
