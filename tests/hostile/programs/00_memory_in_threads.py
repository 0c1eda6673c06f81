#: want = ["MEMORY_LIMIT"]
#: limits = { cpu_s = 4.0, memory_bytes = 134217728 }
import threading

kept = []


def grow():
    while True:
        kept.append(bytearray(b"x") * (1 << 20))


for _ in range(4):
    threading.Thread(target=grow).start()
