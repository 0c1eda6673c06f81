#: input = "1 2 3 4\n"
#: output = "1 4 9 16\n"
from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(4) as pool:
    print(*pool.map(lambda n: n * n, map(int, input().split())))
