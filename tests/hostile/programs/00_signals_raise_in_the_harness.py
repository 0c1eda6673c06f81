#: want = ["RUNTIME_ERROR", "WRONG_ANSWER", "PASSED", "TIME_LIMIT"]
#: output = "42"
#: limits = { cpu_s = 1.0, wall_s = 3.0 }
# A timer goes off all the time, and its handler raises wherever the harness happens to be.
import atexit
import signal


def handler(*_):
    raise BaseException("now")


signal.signal(signal.SIGALRM, handler)
atexit.register(lambda: signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002))
print(42, flush=True)
signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
