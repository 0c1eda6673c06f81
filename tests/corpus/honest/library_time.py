#: output = "True True\n"
import time

start = time.perf_counter()
time.sleep(0.01)
print(time.perf_counter() > start, time.time() > 1.6e9)
