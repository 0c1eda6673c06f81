#: number = 4
#: want = ["RUNTIME_ERROR", "TIME_LIMIT", "MEMORY_LIMIT"]
#: limits = { cpu_s = 1.0, wall_s = 1.5, memory_bytes = 134217728 }
import threading

stop = threading.Event()
while True:
    threading.Thread(target=stop.wait, daemon=True).start()
