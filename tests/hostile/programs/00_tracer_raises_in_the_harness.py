#: want = ["RUNTIME_ERROR", "WRONG_ANSWER", "PASSED"]
#: output = "42"
import threading


def raising(frame, event, argument):
    if event in ("call", "c_call"):
        raise SystemExit(0)
    return raising


print(42)
threading.settrace(raising)
sys.setprofile(raising)
sys.settrace(raising)
