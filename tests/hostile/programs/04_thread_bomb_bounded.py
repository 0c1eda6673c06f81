#: number = 4
#: want = ["PASSED", "MEMORY_LIMIT"]
#: output = "bounded"
#: limits = { cpu_s = 2.0, memory_bytes = 268435456 }
import threading

stop = threading.Event()
started = 0
try:
    while started < 20000:
        threading.Thread(target=stop.wait, daemon=True).start()
        started += 1
except (RuntimeError, MemoryError):
    pass
stop.set()
print("bounded" if started < 20000 else f"{started} threads")
