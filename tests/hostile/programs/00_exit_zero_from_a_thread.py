#: want = ["TIME_LIMIT"]
#: limits = { cpu_s = 0.4, wall_s = 3.0 }
#: output = "42"
import threading

threading.Thread(target=sys.exit, args=(0,)).start()
print(42, flush=True)
while True:
    pass
