#: want = ["TIME_LIMIT"]
#: limits = { cpu_s = 0.4, wall_s = 3.0 }
import signal
import time

time.monotonic = time.process_time = time.perf_counter = lambda: 0.0
signal.alarm(0)
signal.setitimer(signal.ITIMER_VIRTUAL, 0)
while True:
    pass
