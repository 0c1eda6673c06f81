#: want = ["WRONG_ANSWER", "RUNTIME_ERROR", "PASSED"]
#: output = "42"
# Patching clocks in the child cannot stretch a limit that another process keeps.
import time

time.time = time.monotonic = time.perf_counter = time.process_time = lambda: 0.0
print(42)
