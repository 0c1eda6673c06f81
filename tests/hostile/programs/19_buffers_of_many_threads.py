#: number = 19
#: want = ["PASSED", "MEMORY_LIMIT", "RUNTIME_ERROR"]
#: output = "bounded"
#: limits = { cpu_s = 10.0, memory_bytes = 268435456 }
# 64 threads fill the buffers of all sockets that they can have. What is in there is no resident memory.
import socket
import threading

totals = []


def fill():
    total = 0
    try:
        for _ in range(32):
            pair = socket.socketpair()
            kept.append(pair)
            for end in pair:
                end.setblocking(False)
                try:
                    while True:
                        total += end.send(bytes(1 << 16))
                except BlockingIOError:
                    pass
    except OSError:
        pass
    totals.append(total)


kept, threads = [], []
try:
    for _ in range(63):
        thread = threading.Thread(target=fill)
        thread.start()
        threads.append(thread)
except RuntimeError:
    pass
for thread in threads:
    thread.join()
# One table of 64 descriptors: at most 30 pairs of two buffers, each of the system's default size
print("bounded" if sum(totals) <= 32 << 20 else sum(totals))
