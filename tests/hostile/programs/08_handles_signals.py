#: number = 8
#: want = ["TIME_LIMIT"]
#: limits = { cpu_s = 0.5, wall_s = 3.0 }
import signal

for number in (signal.SIGXCPU, signal.SIGTERM, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGINT):
    signal.signal(number, lambda *_: None)
while True:
    pass
