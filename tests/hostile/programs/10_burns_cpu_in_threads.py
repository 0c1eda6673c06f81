#: number = 10
#: want = ["TIME_LIMIT"]
#: limit = "cpu"
#: limits = { cpu_s = 0.4 }
import threading


def burn():
    while True:
        pass


for _ in range(4):
    threading.Thread(target=burn).start()
