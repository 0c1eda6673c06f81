#: want = ["RUNTIME_ERROR", "WRONG_ANSWER", "TIME_LIMIT"]
#: func = "answer"
#: tests = [["1", "[7]"]]
#: limits = { cpu_s = 2.0, wall_s = 6.0 }
import signal


def handler(*_):
    raise SystemExit(0)


def answer(value):
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.003, 0.0005)
    return ["x" * 100] * 20000
