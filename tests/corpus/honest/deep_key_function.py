#: output = "3000\n"
import sys

sys.setrecursionlimit(10**6)


class Node:
    def __init__(self, level):
        self.level = level

    def __call__(self):
        return 0 if self.level == 0 else 1 + max([Node(self.level - 1)], key=lambda n: n.level)()


print(Node(3000)())
