#: number = 11
#: want = ["TIME_LIMIT"]
#: output = "42"
#: limits = { cpu_s = 0.5, wall_s = 0.6 }
import threading

threading.Thread(target=threading.Event().wait).start()
print(42, flush=True)
