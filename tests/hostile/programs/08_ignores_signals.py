#: number = 8
#: want = ["TIME_LIMIT"]
#: limits = { cpu_s = 0.5, wall_s = 3.0 }
import signal

for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
while True:
    pass
