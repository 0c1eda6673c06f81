#: output = "timed out\n"
import signal


class Late(Exception):
    pass


def handler(*_):
    raise Late


signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.02)
try:
    while True:
        pass
except Late:
    print("timed out")
