#: number = 11
#: want = ["TIME_LIMIT"]
#: output = "42"
#: limits = { cpu_s = 0.5, wall_s = 0.6 }
import atexit
import threading

atexit.register(threading.Event().wait)
print(42, flush=True)
