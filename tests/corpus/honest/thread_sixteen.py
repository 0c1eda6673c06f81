#: output = "120\n"
import threading

total, lock = 0, threading.Lock()


def add(n):
    global total
    with lock:
        total += n


threads = [threading.Thread(target=add, args=(n,)) for n in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(total)
