#: output = "3 calls\n"
import sys

calls = 0


def tracer(frame, event, argument):
    global calls
    calls += event == "call" and frame.f_code.co_name == "work"


def work():
    return 1


sys.settrace(tracer)
for _ in range(3):
    work()
sys.settrace(None)
print(calls, "calls")
