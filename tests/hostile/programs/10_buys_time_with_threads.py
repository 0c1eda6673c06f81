#: number = 10
#: want = ["TIME_LIMIT"]
#: limits = { cpu_s = 1.0, wall_s = 2.0 }
# Threads that wake each other all the time, each for an instant: the delays that they cause one another buy no time.
import threading
import time


def nap():
    while True:
        time.sleep(0.001)


for _ in range(40):
    threading.Thread(target=nap).start()
time.sleep(600)
