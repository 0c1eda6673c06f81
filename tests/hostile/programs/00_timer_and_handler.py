#: want = ["TIME_LIMIT"]
#: limits = { cpu_s = 0.5, wall_s = 3.0 }
import signal


def again(*_):
    signal.setitimer(signal.ITIMER_REAL, 0.001)
    signal.setitimer(signal.ITIMER_PROF, 0.001)


for number in (signal.SIGALRM, signal.SIGPROF, signal.SIGXCPU):
    signal.signal(number, again)
again()
while True:
    pass
