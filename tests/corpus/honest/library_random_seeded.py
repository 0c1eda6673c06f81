#: tests = [["", "True\n"], ["", "True\n"]]
import random

random.seed(7)
first = [random.random() for _ in range(3)]
random.seed(7)
print(first == [random.random() for _ in range(3)] and len({random.randrange(10**9) for _ in range(9)}) > 1)
