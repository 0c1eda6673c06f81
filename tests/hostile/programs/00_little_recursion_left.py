#: want = ["PASSED", "RUNTIME_ERROR", "WRONG_ANSWER"]
#: output = "42"
import atexit

print(42, flush=True)
atexit.register(lambda: sys.setrecursionlimit(8))
for limit in range(40, 4, -1):
    try:
        sys.setrecursionlimit(limit)
    except RecursionError:
        break
