#: number = 10
#: want = ["TIME_LIMIT"]
#: limit = "wall"
#: limits = { cpu_s = 0.5, wall_s = 0.6 }
import time

print("about to sleep", flush=True)
time.sleep(1000)
