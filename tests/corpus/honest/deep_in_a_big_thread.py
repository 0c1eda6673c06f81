#: output = "100000\n"
import sys
import threading

sys.setrecursionlimit(10**6)
threading.stack_size(2**27)
result = []


def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


def main():
    result.append(depth(100000))


thread = threading.Thread(target=main)
thread.start()
thread.join()
print(*result)
